-- What a night was told by its caller, the branches' caps, is kept as a command like any other, and the draws that follow
-- from it carry its hash: a draw's entry is in the chains of the reserve and the relief, and so under the day's root.

-- As before, but the draw's hash is that of the night's caps.
CREATE OR REPLACE FUNCTION ledger_draw(p_city text, p_unit text, p_day date, p_branch text, p_amount bigint, p_now timestamptz,
  OUT drawn bigint, OUT entry bigint) LANGUAGE plpgsql AS $$
DECLARE v_key text := concat_ws(':', 'cycle', p_city, p_unit, p_day, 'draw', p_branch);
  v_hash bytea := (SELECT payload_hash FROM ledger_command WHERE key = concat_ws(':', 'cycle', p_city, p_unit, p_day, 'caps'));
  v_reserve ledger_account := ledger_shared(p_city, p_unit, 'reserve');
  v_relief ledger_account := ledger_shared(p_branch, p_unit, 'relief');
BEGIN
  drawn := 0;
  IF p_amount IS NULL OR p_amount <= 0 OR v_reserve.id IS NULL OR v_relief.id IS NULL THEN RETURN; END IF;
  PERFORM ledger_free_expired(v_reserve.id, p_now);
  v_reserve := ledger_account_for(v_key, v_reserve.id);
  drawn := LEAST(p_amount, GREATEST(0, v_reserve.posted - v_reserve.held - v_reserve.floor));
  IF v_reserve.floor IS NULL THEN drawn := p_amount; END IF;
  IF drawn = 0 THEN RETURN; END IF;
  entry := ledger_write(jsonb_build_object('key', v_key, 'occurred_at', p_now), v_hash,
    'reserve_draw', v_key, NULL, NULL, ARRAY[
      ROW('account', v_reserve.id, p_city, p_unit, NULL, NULL, -drawn)::ledger_leg,
      ROW('position', NULL, p_city, p_unit, p_branch, NULL, drawn)::ledger_leg,
      ROW('settled', NULL, p_branch, p_unit, p_branch, NULL, -drawn)::ledger_leg,
      ROW('account', v_relief.id, p_branch, p_unit, NULL, NULL, drawn)::ledger_leg],
    drawn, 0, false, p_now);
END $$;
-- next
-- As before, but the caps are kept first.
CREATE OR REPLACE FUNCTION ledger_run_cycle(p_city text, p_unit text, p_day date, p_caps jsonb, p_now timestamptz)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_before bigint; v_last date; v_cut_off bigint; b record; v_draw record; v_said jsonb;
BEGIN
  PERFORM pg_advisory_xact_lock(ledger_gate());
  IF NOT EXISTS (SELECT FROM ledger_book WHERE id = p_city AND kind = 'city') THEN
    PERFORM ledger_refuse('LZ015', 'unknown_book', jsonb_build_object('book', p_city));
  END IF;
  IF EXISTS (SELECT FROM ledger_cycle WHERE (city, unit, on_day) = (p_city, p_unit, p_day)) THEN RETURN false; END IF;
  SELECT max(cut_off), max(on_day) INTO v_before, v_last FROM ledger_cycle WHERE city = p_city AND unit = p_unit;
  IF v_last > p_day THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command',
      jsonb_build_object('field', 'on_day', 'reason', 'a cycle of a later day was run', 'last', v_last));
  END IF;
  SELECT COALESCE(max(id), 0) INTO v_cut_off FROM ledger_entry;
  INSERT INTO ledger_cycle (city, unit, on_day, cut_off, entry, ran_at)
    VALUES (p_city, p_unit, p_day, v_cut_off, ledger_settle(p_city, p_unit, p_day, p_now), p_now);
  v_said := jsonb_build_object('type', 'cycle', 'key', concat_ws(':', 'cycle', p_city, p_unit, p_day, 'caps'),
    'city', p_city, 'unit', p_unit, 'on_day', p_day, 'caps', COALESCE(p_caps, '{}'));
  INSERT INTO ledger_command (key, payload_hash, answer) VALUES (v_said->>'key', sha256(convert_to(v_said::text, 'UTF8')),
    (ledger_answer(v_said->>'key', 'ran', NULL, 0, 0) || jsonb_build_object('command', v_said))::text);
  INSERT INTO ledger_cycle_partner (city, unit, on_day, branch, partner, owes, is_owed)
    SELECT p_city, p_unit, p_day, branch, partner, owes, is_owed
    FROM ledger_traded(p_city, p_unit, COALESCE(v_before, 0), v_cut_off);
  FOR b IN SELECT branch, GREATEST(0, settled) AS debt, (p_caps->>branch)::bigint AS cap FROM ledger_net_position
           WHERE city = p_city AND unit = p_unit ORDER BY branch LOOP
    v_draw := ledger_draw(p_city, p_unit, p_day, b.branch, b.debt - b.cap, p_now);
    INSERT INTO ledger_cycle_line (city, unit, on_day, branch, owes, is_owed, debt, cap, drawn, draw)
      SELECT p_city, p_unit, p_day, b.branch, COALESCE(sum(owes), 0), COALESCE(sum(is_owed), 0), b.debt, b.cap,
        v_draw.drawn, v_draw.entry
      FROM ledger_cycle_partner WHERE (city, unit, on_day, branch) = (p_city, p_unit, p_day, b.branch);
  END LOOP;
  RETURN true;
END $$;
-- next
-- First phase at the payer's side for minutes that a hold has kept for it meanwhile: freed and held for the relay under
-- the locks of one call, so that nothing else can take them in between. The link's row comes before the gate, as ever.
CREATE FUNCTION ledger_prepare_out_of(p_hold_key text, p_link uuid, p_relay uuid, p_account uuid, p_amount bigint,
  p_payer text, p_payee text, p_expires_at timestamptz, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE l ledger_link := ledger_link_for(p_link);
  v_contents bytea := ledger_relay_contents(p_link, p_relay, l.unit, p_amount, p_payer, p_payee, p_expires_at);
BEGIN
  IF ledger_relay_known(l, p_relay, 'out', p_account, v_contents, p_expires_at, p_payer, p_payee, p_now) THEN RETURN false; END IF;
  UPDATE ledger_link SET leaving = leaving + p_amount WHERE id = l.id;
  PERFORM ledger_apply(jsonb_build_array(
    jsonb_build_object('type', 'release', 'key', concat(p_hold_key, ':release'), 'hold_key', p_hold_key),
    jsonb_build_object('type', 'hold', 'key', ledger_relay_key(l.id, p_relay, 'hold'), 'account', p_account, 'amount', p_amount,
      'expires_at', '9999-12-31T00:00:00+00:00', 'reference', ledger_relay_key(l.id, p_relay, NULL))), p_now);
  INSERT INTO ledger_relay (link, id, direction, account, amount, payer, payee, expires_at, contents, prepared_at)
    VALUES (l.id, p_relay, 'out', p_account, p_amount, p_payer, p_payee, p_expires_at, v_contents, p_now);
  RETURN true;
END $$;
-- next
REVOKE ALL ON FUNCTION ledger_prepare_out_of(text, uuid, uuid, uuid, bigint, text, text, timestamptz, timestamptz) FROM PUBLIC;
