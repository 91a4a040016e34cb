-- The entrance: an array of commands, one answer each, all or nothing. Lock order, the same for every call: the gate
-- (shared), the ids of accounts to be opened, all accounts by id, then holds. READ COMMITTED: after the locks every
-- statement sees what rivals have committed, so a repeated key is found and no balance is stale.

-- The gate keeps writers and the closing of periods, books and snapshots apart: writers share it.
CREATE FUNCTION ledger_gate() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 7215834001::bigint $$;
-- next
CREATE FUNCTION ledger_lock(p_commands jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(ledger_gate());
  PERFORM pg_advisory_xact_lock(o.place) FROM (
    SELECT DISTINCT hashtextextended(c->>'account', 7215) AS place FROM jsonb_array_elements(p_commands) c
    WHERE c->>'type' = 'open' ORDER BY 1) o;
  PERFORM 1 FROM ledger_account WHERE id IN (
      SELECT (t->>side)::uuid FROM jsonb_array_elements(p_commands) c, jsonb_array_elements(c->'transfers') t,
        unnest(ARRAY['source', 'destination']) side
      UNION SELECT (c->>field)::uuid FROM jsonb_array_elements(p_commands) c,
        unnest(ARRAY['account', 'destination', 'excess_to']) field
      UNION SELECT h.account FROM jsonb_array_elements(p_commands) c JOIN ledger_hold h ON h.key = c->>'hold_key'
      UNION SELECT p.account FROM jsonb_array_elements(p_commands) c
        JOIN ledger_entry e ON e.key = c->>'entry_key' JOIN ledger_posting p ON p.entry = e.id)
    ORDER BY id FOR NO KEY UPDATE;
END $$;
-- next
CREATE FUNCTION ledger_run(c jsonb, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_hash bytea := sha256(convert_to(c::text, 'UTF8')); v_answer jsonb;
BEGIN
  IF c->>'key' IS NULL OR length(c->>'key') NOT BETWEEN 1 AND 200 THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command', '{"field": "key", "reason": "1 to 200 characters"}');
  END IF;
  v_answer := ledger_repeated(c->>'key', v_hash);
  IF v_answer IS NOT NULL THEN RETURN v_answer; END IF;
  CASE c->>'type'
    WHEN 'post' THEN v_answer := ledger_post(c, v_hash, p_now);
    WHEN 'hold' THEN v_answer := ledger_hold(c, v_hash, p_now);
    WHEN 'capture' THEN v_answer := ledger_capture(c, v_hash, p_now);
    WHEN 'release' THEN v_answer := ledger_release(c, v_hash, p_now);
    WHEN 'reverse' THEN v_answer := ledger_reverse(c, v_hash, p_now);
    WHEN 'open' THEN v_answer := ledger_open(c, v_hash);
    WHEN 'limits' THEN v_answer := ledger_limits(c, v_hash, p_now);
    WHEN 'close' THEN v_answer := ledger_close(c, v_hash, p_now);
    WHEN 'reopen' THEN v_answer := ledger_reopen(c, v_hash);
    ELSE PERFORM ledger_refuse('LZ018', 'invalid_command', jsonb_build_object('key', c->>'key', 'field', 'type'));
  END CASE;
  RETURN v_answer;
END $$;
-- next
CREATE FUNCTION ledger_apply(p_commands jsonb, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c jsonb; answers jsonb[] := '{}';
BEGIN
  PERFORM ledger_lock(p_commands);
  FOR c IN SELECT value FROM jsonb_array_elements(p_commands) WITH ORDINALITY ORDER BY ordinality LOOP
    answers := array_append(answers, ledger_run(c, p_now));
  END LOOP;
  RETURN to_jsonb(answers);
END $$;
