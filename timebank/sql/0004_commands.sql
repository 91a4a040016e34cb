-- The commands, one function each: (command, payload hash, now) -> answer. Accounts are locked before, holds after them.

CREATE FUNCTION ledger_answer(p_key text, p_state text, p_entry bigint, p_amount bigint, p_excess bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('key', p_key, 'state', p_state, 'entry_id', p_entry, 'amount', p_amount, 'excess', p_excess)
$$;
-- next
-- The answer given before to this key, or null; another payload under the same key is a conflict.
CREATE FUNCTION ledger_repeated(p_key text, p_hash bytea) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_hash bytea; v_answer jsonb;
BEGIN
  SELECT payload_hash, ledger_answer(key, 'posted', id, amount, excess) INTO v_hash, v_answer
    FROM ledger_entry WHERE key = p_key;
  IF NOT FOUND THEN
    SELECT payload_hash, answer::jsonb INTO v_hash, v_answer FROM ledger_command WHERE key = p_key;
    IF NOT FOUND THEN RETURN NULL; END IF;
  END IF;
  IF v_hash <> p_hash THEN PERFORM ledger_refuse('LZ002', 'key_conflict', jsonb_build_object('key', p_key)); END IF;
  RETURN v_answer || '{"repeated": true}';
END $$;
-- next
-- Keeps the key and answer of a command that writes no entry.
CREATE FUNCTION ledger_remember(p_key text, p_hash bytea, p_answer jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ledger_command (key, payload_hash, answer) VALUES (p_key, p_hash, p_answer::text)
    ON CONFLICT (key) DO NOTHING;
  IF NOT FOUND THEN PERFORM ledger_refuse('LZ002', 'key_conflict', jsonb_build_object('key', p_key)); END IF;
  RETURN p_answer;
END $$;
-- next
CREATE FUNCTION ledger_post(c jsonb, p_hash bytea, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE x record; v_entry bigint;
BEGIN
  x := ledger_expand(c->>'key', c->'transfers', (c->>'excess_to')::uuid);
  v_entry := ledger_write(c, p_hash, c->>'kind', c->>'reference', NULL, NULL, x.legs, x.moved, x.excess, false, p_now);
  RETURN ledger_answer(c->>'key', 'posted', v_entry, x.moved, x.excess);
END $$;
-- next
CREATE FUNCTION ledger_hold(c jsonb, p_hash bytea, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE a ledger_account; v_amount bigint := (c->>'amount')::bigint; v_expires_at timestamptz := (c->>'expires_at')::timestamptz;
BEGIN
  a := ledger_account_for(c->>'key', (c->>'account')::uuid);
  IF v_expires_at <= p_now OR v_amount NOT BETWEEN 1 AND 1000000000000000 THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command', jsonb_build_object('key', c->>'key',
      'field', CASE WHEN v_expires_at <= p_now THEN 'expires_at' ELSE 'amount' END, 'reason', 'out of range'));
  END IF;
  PERFORM ledger_require(c->>'key', a.id, v_amount, p_now);
  UPDATE ledger_account SET held = held + v_amount WHERE id = a.id;
  INSERT INTO ledger_hold (key, account, amount, held_at, expires_at, reference)
    VALUES (c->>'key', a.id, v_amount, p_now, v_expires_at, c->>'reference');
  RETURN ledger_remember(c->>'key', p_hash, ledger_answer(c->>'key', 'held', NULL, v_amount, 0));
END $$;
-- next
-- The hold, its account and itself locked, in this order.
CREATE FUNCTION ledger_hold_for(p_key text, p_hold_key text) RETURNS ledger_hold LANGUAGE plpgsql AS $$
DECLARE h ledger_hold;
BEGIN
  PERFORM 1 FROM ledger_account WHERE id = (SELECT account FROM ledger_hold WHERE key = p_hold_key) FOR NO KEY UPDATE;
  SELECT * INTO h FROM ledger_hold WHERE key = p_hold_key FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM ledger_refuse('LZ011', 'unknown_hold', jsonb_build_object('key', p_key, 'hold_key', p_hold_key));
  END IF;
  RETURN h;
END $$;
-- next
CREATE FUNCTION ledger_resolve(h ledger_hold, p_state text, p_captured bigint, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE ledger_hold SET state = p_state, captured = p_captured, resolved_at = p_now WHERE key = h.key;
  UPDATE ledger_account SET held = held - h.amount, owed = GREATEST(0, floor - (posted - held + h.amount))
    WHERE id = h.account;
END $$;
-- next
CREATE FUNCTION ledger_capture(c jsonb, p_hash bytea, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE h ledger_hold; x record; v_amount bigint; v_entry bigint; facts jsonb;
BEGIN
  h := ledger_hold_for(c->>'key', c->>'hold_key');
  v_amount := COALESCE((c->>'amount')::bigint, h.amount);
  facts := jsonb_build_object('key', c->>'key', 'hold_key', h.key);
  IF h.state IN ('captured', 'released') THEN
    PERFORM ledger_refuse('LZ004', 'hold_resolved', facts || jsonb_build_object('state', h.state));
  ELSIF h.state = 'expired' OR h.expires_at <= p_now THEN
    PERFORM ledger_refuse('LZ003', 'hold_expired', facts || jsonb_build_object('expires_at', h.expires_at));
  ELSIF v_amount > h.amount THEN
    PERFORM ledger_refuse('LZ017', 'capture_too_large', facts || jsonb_build_object('held', h.amount, 'amount', v_amount));
  END IF;
  x := ledger_expand(c->>'key', jsonb_build_array(jsonb_build_object('source', h.account,
    'destination', c->>'destination', 'amount', v_amount)), (c->>'excess_to')::uuid);
  PERFORM ledger_resolve(h, 'captured', v_amount, p_now);
  -- may owe: if a reversal meanwhile took what the hold had reserved, the promise is kept and the shortfall stays owed
  v_entry := ledger_write(c, p_hash, c->>'kind', c->>'reference', NULL, NULL, x.legs, x.moved, x.excess, true, p_now);
  RETURN ledger_answer(c->>'key', 'posted', v_entry, x.moved, x.excess);
END $$;
-- next
-- Gives back what is still set aside. A hold resolved before answers with nothing given back, and its state.
CREATE FUNCTION ledger_release(c jsonb, p_hash bytea, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE h ledger_hold; v_freed bigint := 0;
BEGIN
  h := ledger_hold_for(c->>'key', c->>'hold_key');
  IF h.state = 'held' THEN
    h.state := CASE WHEN h.expires_at <= p_now THEN 'expired' ELSE 'released' END;
    v_freed := h.amount;
    PERFORM ledger_resolve(h, h.state, 0, p_now);
  END IF;
  RETURN ledger_remember(c->>'key', p_hash, ledger_answer(c->>'key', h.state, NULL, v_freed, 0));
END $$;
-- next
-- The mirror of every leg, once. Floors and caps do not stop it: a shortfall is owed.
CREATE FUNCTION ledger_reverse(c jsonb, p_hash bytea, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE e ledger_entry; v_by text; v_legs ledger_leg[]; v_entry bigint; facts jsonb;
BEGIN
  facts := jsonb_build_object('key', c->>'key', 'entry_key', c->>'entry_key');
  SELECT * INTO e FROM ledger_entry WHERE key = c->>'entry_key';
  IF NOT FOUND THEN PERFORM ledger_refuse('LZ012', 'unknown_entry', facts); END IF;
  IF e.reverses IS NOT NULL THEN PERFORM ledger_refuse('LZ019', 'not_reversible', facts); END IF;
  SELECT array_agg(ROW(role, account, book, unit, branch, partner, -amount)::ledger_leg ORDER BY leg) INTO v_legs
    FROM ledger_posting WHERE entry = e.id;
  PERFORM ledger_account_for(c->>'key', account) FROM unnest(v_legs) WHERE account IS NOT NULL ORDER BY account;
  -- asked only now: a rival's reversal held the same accounts and has committed
  SELECT key INTO v_by FROM ledger_entry WHERE reverses = e.id;
  IF FOUND THEN
    PERFORM ledger_refuse('LZ009', 'already_reversed', facts || jsonb_build_object('reversed_by', v_by));
  END IF;
  v_entry := ledger_write(c, p_hash, 'reversal', c->>'reason', e.id, e.key, v_legs, e.amount, e.excess, true, p_now);
  RETURN ledger_answer(c->>'key', 'posted', v_entry, e.amount, e.excess);
END $$;
