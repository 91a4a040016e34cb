-- The nightly cycle: what each branch owes by clearing is settled in one entry, and a branch whose debt is above its cap
-- is helped from the city's reserve. It holds the gate alone, so its cut-off is the last entry there is, no writer is
-- under way, and of two that start at once the second finds the first one's cycle.

-- What branches and partners owe one another by the entries of a cycle; settlements are no trade.
CREATE FUNCTION ledger_traded(p_city text, p_unit text, p_after bigint, p_upto bigint)
RETURNS TABLE (branch text, partner text, owes bigint, is_owed bigint) LANGUAGE sql STABLE AS $$
  SELECT p.branch, p.partner,
    COALESCE(sum(p.amount) FILTER (WHERE p.amount > 0), 0)::bigint,
    COALESCE(-sum(p.amount) FILTER (WHERE p.amount < 0), 0)::bigint
  FROM ledger_posting p JOIN ledger_book b ON b.id = p.branch AND b.city = p_city
  WHERE p.role = 'clearing' AND p.unit = p_unit AND p.entry > p_after AND p.entry <= p_upto
    AND NOT EXISTS (SELECT FROM ledger_cycle c WHERE c.entry = p.entry)
  GROUP BY p.branch, p.partner
$$;
-- next
-- One shared account of a book, or null.
CREATE FUNCTION ledger_shared(p_book text, p_unit text, p_kind text) RETURNS ledger_account LANGUAGE sql STABLE AS $$
  SELECT * FROM ledger_account a
  WHERE a.book = p_book AND a.unit = p_unit AND a.kind = p_kind AND a.owner IS NULL AND a.state = 'open'
$$;
-- next
-- Settles: per branch clearing -net, settled +net. The entry's id, null where nobody owes anything.
CREATE FUNCTION ledger_settle(p_city text, p_unit text, p_day date, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE v_legs ledger_leg[]; v_amount bigint; v_key text := concat_ws(':', 'cycle', p_city, p_unit, p_day);
BEGIN
  SELECT array_agg(ROW(role, NULL, branch, p_unit, branch, NULL, amount)::ledger_leg ORDER BY branch, role),
    sum(GREATEST(amount, 0)) FILTER (WHERE role = 'settled') INTO v_legs, v_amount
  FROM (SELECT branch, 'clearing' AS role, -clearing AS amount FROM ledger_net_position
          WHERE city = p_city AND unit = p_unit AND clearing <> 0
        UNION ALL
        SELECT branch, 'settled', clearing FROM ledger_net_position
          WHERE city = p_city AND unit = p_unit AND clearing <> 0) legs;
  IF v_legs IS NULL THEN RETURN NULL; END IF;
  RETURN ledger_write(jsonb_build_object('key', v_key, 'occurred_at', p_now), sha256(convert_to(v_key, 'UTF8')),
    'settlement', v_key, NULL, NULL, v_legs, v_amount, 0, false, p_now);
END $$;
-- next
-- Draws p_amount (if it is above 0), or what there is, from the reserve for a branch: city: reserve -y, position +y | branch: settled -y, relief +y.
CREATE FUNCTION ledger_draw(p_city text, p_unit text, p_day date, p_branch text, p_amount bigint, p_now timestamptz,
  OUT drawn bigint, OUT entry bigint) LANGUAGE plpgsql AS $$
DECLARE v_key text := concat_ws(':', 'cycle', p_city, p_unit, p_day, 'draw', p_branch);
  v_reserve ledger_account := ledger_shared(p_city, p_unit, 'reserve');
  v_relief ledger_account := ledger_shared(p_branch, p_unit, 'relief');
BEGIN
  drawn := 0;
  IF p_amount IS NULL OR p_amount <= 0 OR v_reserve.id IS NULL OR v_relief.id IS NULL THEN RETURN; END IF;
  PERFORM ledger_free_expired(v_reserve.id, p_now);
  v_reserve := ledger_account_for(v_key, v_reserve.id);
  drawn := LEAST(p_amount, GREATEST(0, v_reserve.posted - v_reserve.held - v_reserve.floor));
  IF drawn = 0 THEN RETURN; END IF;
  entry := ledger_write(jsonb_build_object('key', v_key, 'occurred_at', p_now), sha256(convert_to(v_key, 'UTF8')),
    'reserve_draw', v_key, NULL, NULL, ARRAY[
      ROW('account', v_reserve.id, p_city, p_unit, NULL, NULL, -drawn)::ledger_leg,
      ROW('position', NULL, p_city, p_unit, p_branch, NULL, drawn)::ledger_leg,
      ROW('settled', NULL, p_branch, p_unit, p_branch, NULL, -drawn)::ledger_leg,
      ROW('account', v_relief.id, p_branch, p_unit, NULL, NULL, drawn)::ledger_leg],
    drawn, 0, false, p_now);
END $$;
-- next
-- Runs the cycle of a day once: true the first time, false when it had been run. p_caps: {branch: most it may owe}.
CREATE FUNCTION ledger_run_cycle(p_city text, p_unit text, p_day date, p_caps jsonb, p_now timestamptz)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_before bigint; v_last date; v_cut_off bigint; b record; v_draw record;
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
-- What a cycle wrote stands: a later cycle counts on it.
CREATE FUNCTION ledger_keep_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM ledger_cycle WHERE entry = NEW.reverses)
     OR EXISTS (SELECT FROM ledger_cycle_line WHERE draw = NEW.reverses) THEN
    PERFORM ledger_refuse('LZ019', 'not_reversible', jsonb_build_object('key', NEW.key,
      'entry_key', (SELECT key FROM ledger_entry WHERE id = NEW.reverses)));
  END IF;
  RETURN NEW;
END $$;
-- next
CREATE TRIGGER ledger_cycle_stands BEFORE INSERT ON ledger_entry FOR EACH ROW
  WHEN (NEW.reverses IS NOT NULL) EXECUTE FUNCTION ledger_keep_cycle();
-- next
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_cycle
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_cycle_line
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_cycle_partner
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
DO $$
DECLARE f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p
    WHERE p.proname LIKE 'ledger\_%' AND p.pronamespace = current_schema()::regnamespace LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;
