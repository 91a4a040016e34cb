-- Malformed commands are refused by name before anything is locked; commands without an entry are kept beside their
-- answers, so that the proof can compare accounts and holds with what was said; nothing writes but in READ COMMITTED.

-- 1 to 200 characters that can be printed: no controls, no invisible ones, no private ones. Null where it is missing.
CREATE FUNCTION ledger_is_text(v jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_typeof(v) = 'string' AND length(v #>> '{}') BETWEEN 1 AND 200 AND (v #>> '{}') !~
    '[\u0001-\u001f\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ue000-\uf8ff\ufeff\ufff9-\ufffb]'
$$;
-- next
-- Asked of every account of every transfer: a pattern and a translation cost a fraction of a regular expression.
CREATE FUNCTION ledger_is_id(t text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT t LIKE '________-____-____-____-____________' AND translate(t, '0123456789abcdefABCDEF', '') = '----'
$$;
-- next
-- An integer from 1 to 10^15, or a bound: null, 0 or an integer with the given sign.
CREATE FUNCTION ledger_is_amount(v jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT v::text ~ '^([1-9][0-9]{0,14}|10{15})$'
$$;
-- next
CREATE FUNCTION ledger_is_bound(v jsonb, p_sign text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT v::text ~ ('^(null|0|' || p_sign || '([1-9][0-9]{0,14}|10{15}))$')
$$;
-- next
-- An instant as Python says it in UTC, with fields in their ranges; the last days of months are left to the next function.
CREATE FUNCTION ledger_is_plain_instant(t text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT translate(t, '123456789', '000000000') = '0000-00-00T00:00:00.000000+00:00' AND t > '0001'
    AND substr(t, 6, 2) BETWEEN '01' AND '12' AND substr(t, 9, 2) BETWEEN '01' AND '28'
    AND substr(t, 12, 2) < '24' AND substr(t, 15, 2) < '60' AND substr(t, 18, 2) < '60'
$$;
-- next
-- ISO 8601 with a time zone, a day that there is, in the years 1 to 9999 of UTC: what every reader can read.
CREATE FUNCTION ledger_is_instant(t text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF ledger_is_plain_instant(t) THEN RETURN true; END IF;
  IF t !~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-](0\d|1[0-5])(:?[0-5]\d)?)$' IS NOT FALSE
     OR substr(t, 1, 4) = '0000' OR substr(t, 6, 2) NOT BETWEEN '01' AND '12'
     OR substr(t, 9, 2) NOT BETWEEN '01' AND '31' OR substr(t, 12, 2) > '23' OR substr(t, 15, 2) > '59'
     OR substr(t, 18, 2) > '59' THEN
    RETURN false;
  END IF;
  IF to_char(make_date(substr(t, 1, 4)::int, substr(t, 6, 2)::int, 1) + (substr(t, 9, 2)::int - 1), 'DD')
     <> substr(t, 9, 2) THEN
    RETURN false;
  END IF;
  RETURN t::timestamptz BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00';
END $$;
-- next
-- The commonest of all commands when nothing is wrong with it, in one expression.
CREATE FUNCTION ledger_is_plain_post(c jsonb, t jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_array_length(c->'transfers') = 1
    AND c - '{type,key,transfers,kind,reference,occurred_at,excess_to}'::text[] = '{}'
    AND ledger_is_text(c->'key') AND ledger_is_text(c->'kind') AND ledger_is_text(c->'reference')
    AND ledger_is_plain_instant(c->>'occurred_at') AND COALESCE(ledger_is_id(c->>'excess_to'), true)
    AND t - '{source,destination,amount}'::text[] = '{}' AND ledger_is_amount(t->'amount')
    AND ledger_is_id(t->>'source') AND ledger_is_id(t->>'destination')
$$;
-- next
-- The first field of a command that is malformed; null when none is.
CREATE FUNCTION ledger_flaw(c jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE v_type text;
BEGIN
  IF jsonb_typeof(c) <> 'object' THEN RETURN 'command'; END IF;
  IF ledger_is_text(c->'key') IS NOT TRUE OR starts_with(c->>'key', 'cycle:') THEN RETURN 'key'; END IF;
  v_type := c->>'type';
  CASE
    WHEN v_type = 'post' THEN
      RETURN CASE
        WHEN c - '{type,key,transfers,kind,reference,occurred_at,excess_to}'::text[] <> '{}' THEN 'unknown field'
        WHEN ledger_is_text(c->'kind') IS NOT TRUE THEN 'kind'
        WHEN ledger_is_text(c->'reference') IS NOT TRUE THEN 'reference'
        WHEN NOT ledger_is_instant(c->>'occurred_at') THEN 'occurred_at'
        WHEN NOT COALESCE(ledger_is_id(c->>'excess_to'), true) THEN 'excess_to'
        WHEN jsonb_typeof(c->'transfers') IS DISTINCT FROM 'array' THEN 'transfers'
        WHEN jsonb_array_length(c->'transfers') NOT BETWEEN 1 AND 1000 THEN 'transfers'
        ELSE (SELECT CASE WHEN jsonb_typeof(t) <> 'object' THEN 'transfers'
                          WHEN t - '{source,destination,amount}'::text[] <> '{}' THEN 'unknown field'
                          WHEN ledger_is_id(t->>'source') IS NOT TRUE THEN 'source'
                          WHEN ledger_is_id(t->>'destination') IS NOT TRUE THEN 'destination' ELSE 'amount' END
              FROM jsonb_array_elements(c->'transfers') t
              WHERE (jsonb_typeof(t) = 'object' AND ledger_is_id(t->>'source') AND ledger_is_id(t->>'destination') AND ledger_is_amount(t->'amount')
                     AND t - '{source,destination,amount}'::text[] = '{}') IS NOT TRUE
              LIMIT 1) END;
    WHEN v_type = 'hold' THEN
      RETURN CASE
        WHEN c - '{type,key,account,amount,expires_at,reference}'::text[] <> '{}' THEN 'unknown field'
        WHEN ledger_is_id(c->>'account') IS NOT TRUE THEN 'account'
        WHEN ledger_is_amount(c->'amount') IS NOT TRUE THEN 'amount'
        WHEN NOT ledger_is_instant(c->>'expires_at') THEN 'expires_at'
        WHEN ledger_is_text(c->'reference') IS NOT TRUE THEN 'reference' END;
    WHEN v_type = 'capture' THEN
      RETURN CASE
        WHEN c - '{type,key,hold_key,destination,occurred_at,reference,amount,excess_to,kind}'::text[] <> '{}'
          THEN 'unknown field'
        WHEN ledger_is_text(c->'hold_key') IS NOT TRUE THEN 'hold_key'
        WHEN ledger_is_id(c->>'destination') IS NOT TRUE THEN 'destination'
        WHEN NOT ledger_is_instant(c->>'occurred_at') THEN 'occurred_at'
        WHEN ledger_is_text(c->'reference') IS NOT TRUE THEN 'reference'
        WHEN ledger_is_text(c->'kind') IS NOT TRUE THEN 'kind'
        WHEN NOT COALESCE(ledger_is_amount(NULLIF(c->'amount', 'null')), true) THEN 'amount'
        WHEN NOT COALESCE(ledger_is_id(c->>'excess_to'), true) THEN 'excess_to' END;
    WHEN v_type = 'release' THEN
      RETURN CASE
        WHEN c - '{type,key,hold_key}'::text[] <> '{}' THEN 'unknown field'
        WHEN ledger_is_text(c->'hold_key') IS NOT TRUE THEN 'hold_key' END;
    WHEN v_type = 'reverse' THEN
      RETURN CASE
        WHEN c - '{type,key,entry_key,occurred_at,reason}'::text[] <> '{}' THEN 'unknown field'
        WHEN ledger_is_text(c->'entry_key') IS NOT TRUE THEN 'entry_key'
        WHEN NOT ledger_is_instant(c->>'occurred_at') THEN 'occurred_at'
        WHEN ledger_is_text(c->'reason') IS NOT TRUE THEN 'reason' END;
    WHEN v_type = 'open' THEN
      RETURN CASE
        WHEN c - '{type,key,account,book,unit,kind,owner,floor,cap}'::text[] <> '{}' THEN 'unknown field'
        WHEN ledger_is_id(c->>'account') IS NOT TRUE THEN 'account'
        WHEN ledger_is_text(c->'book') IS NOT TRUE THEN 'book'
        WHEN (c->'unit' IN ('"minute"', '"fen"', '"credit"')) IS NOT TRUE THEN 'unit'
        WHEN ledger_is_text(c->'kind') IS NOT TRUE THEN 'kind'
        WHEN NOT COALESCE(ledger_is_text(NULLIF(c->'owner', 'null')), true) THEN 'owner'
        WHEN ledger_is_bound(c->'floor', '-') IS NOT TRUE THEN 'floor'
        WHEN c->>'kind' = 'issuance' AND c->>'floor' IS NULL THEN 'floor'
        WHEN ledger_is_bound(c->'cap', '') IS NOT TRUE THEN 'cap' END;
    WHEN v_type = 'limits' THEN
      RETURN CASE
        WHEN c - '{type,key,account,floor,cap}'::text[] <> '{}' THEN 'unknown field'
        WHEN ledger_is_id(c->>'account') IS NOT TRUE THEN 'account'
        WHEN ledger_is_bound(c->'floor', '-') IS NOT TRUE THEN 'floor'
        WHEN ledger_is_bound(c->'cap', '') IS NOT TRUE THEN 'cap' END;
    WHEN v_type IN ('close', 'reopen') THEN
      RETURN CASE
        WHEN c - '{type,key,account}'::text[] <> '{}' THEN 'unknown field'
        WHEN ledger_is_id(c->>'account') IS NOT TRUE THEN 'account' END;
    ELSE RETURN 'type';
  END CASE;
END $$;
-- next
CREATE FUNCTION ledger_reason(p_field text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN p_field IN ('source', 'destination', 'account', 'excess_to') THEN 'an account''s id'
    WHEN p_field = 'amount' THEN 'an integer from 1 to 1000000000000000'
    WHEN p_field IN ('occurred_at', 'expires_at', 'now') THEN 'an instant with its time zone, in the years 1 to 9999'
    WHEN p_field = 'transfers' THEN '1 to 1000 transfers'
    WHEN p_field = 'commands' THEN 'a list of at most 10000 commands'
    WHEN p_field = 'command' THEN 'an object'
    WHEN p_field = 'type' THEN 'post, hold, capture, release, reverse, open, limits, close or reopen'
    WHEN p_field = 'unit' THEN 'minute, fen or credit'
    WHEN p_field = 'floor' THEN 'null (no issuance''s) or an integer from -1000000000000000 to 0'
    WHEN p_field = 'cap' THEN 'null or an integer from 0 to 1000000000000000'
    WHEN p_field = 'key' THEN '1 to 200 printable characters, not beginning with cycle:'
    WHEN p_field = 'unknown field' THEN 'the command has a field that its type has not'
    ELSE '1 to 200 printable characters' END
$$;
-- next
-- Refuses a call with anything malformed in it.
CREATE FUNCTION ledger_check(p_commands jsonb, p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE c jsonb; v_flaw text;
BEGIN
  IF p_commands IS NULL OR jsonb_typeof(p_commands) <> 'array' THEN
    v_flaw := 'commands';
  ELSIF jsonb_array_length(p_commands) > 10000 THEN
    v_flaw := 'commands';
  ELSIF (p_now BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00') IS NOT TRUE THEN
    v_flaw := 'now';
  END IF;
  IF v_flaw IS NOT NULL THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command',
      jsonb_build_object('field', v_flaw, 'reason', ledger_reason(v_flaw)));
  END IF;
  FOR place IN 0 .. jsonb_array_length(p_commands) - 1 LOOP
    c := p_commands->place;
    IF jsonb_typeof(c) = 'object' AND c->>'type' = 'post' AND NOT starts_with(c->>'key', 'cycle:') AND jsonb_typeof(c->'transfers') = 'array'
       AND jsonb_typeof(c->'transfers'->0) = 'object' AND ledger_is_plain_post(c, c->'transfers'->0) THEN
      CONTINUE;
    END IF;
    v_flaw := ledger_flaw(c);
    IF v_flaw IS NOT NULL THEN
      PERFORM ledger_refuse('LZ018', 'invalid_command', jsonb_build_object('command', place,
        'key', CASE WHEN v_flaw NOT IN ('command', 'key') THEN c->'key' END,
        'field', v_flaw, 'reason', ledger_reason(v_flaw)));
    END IF;
  END LOOP;
END $$;
-- next
-- Who comes through the gate must see what rivals commit: with a snapshot older than a period's closing an entry would
-- still get into it, and a snapshot of the sums would miss what writers wrote while it waited.
CREATE OR REPLACE FUNCTION ledger_gate() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command', jsonb_build_object('field', 'transaction_isolation',
      'reason', 'read committed', 'found', current_setting('transaction_isolation')));
  END IF;
  RETURN 7215834001;
END $$;
-- next
-- The command is kept with its answer by ledger_run, which knows it.
CREATE OR REPLACE FUNCTION ledger_remember(p_key text, p_hash bytea, p_answer jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$ SELECT p_answer $$;
-- next
CREATE OR REPLACE FUNCTION ledger_repeated(p_key text, p_hash bytea) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_hash bytea; v_answer jsonb;
BEGIN
  SELECT payload_hash, ledger_answer(key, 'posted', id, amount, excess) INTO v_hash, v_answer
    FROM ledger_entry WHERE key = p_key;
  IF NOT FOUND THEN
    SELECT payload_hash, answer::jsonb - 'command' INTO v_hash, v_answer FROM ledger_command WHERE key = p_key;
    IF NOT FOUND THEN RETURN NULL; END IF;
  END IF;
  IF v_hash <> p_hash THEN PERFORM ledger_refuse('LZ002', 'key_conflict', jsonb_build_object('key', p_key)); END IF;
  RETURN v_answer || '{"repeated": true}';
END $$;
-- next
CREATE OR REPLACE FUNCTION ledger_run(c jsonb, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_hash bytea := sha256(convert_to(c::text, 'UTF8')); v_answer jsonb;
BEGIN
  v_answer := ledger_repeated(c->>'key', v_hash);
  IF v_answer IS NOT NULL THEN RETURN v_answer; END IF;
  CASE c->>'type'
    WHEN 'post' THEN RETURN ledger_post(c, v_hash, p_now);
    WHEN 'capture' THEN RETURN ledger_capture(c, v_hash, p_now);
    WHEN 'reverse' THEN RETURN ledger_reverse(c, v_hash, p_now);
    WHEN 'hold' THEN v_answer := ledger_hold(c, v_hash, p_now);
    WHEN 'release' THEN v_answer := ledger_release(c, v_hash, p_now);
    WHEN 'open' THEN v_answer := ledger_open(c, v_hash);
    WHEN 'limits' THEN v_answer := ledger_limits(c, v_hash, p_now);
    WHEN 'close' THEN v_answer := ledger_close(c, v_hash, p_now);
    WHEN 'reopen' THEN v_answer := ledger_reopen(c, v_hash);
  END CASE;
  -- the proof compares accounts and holds with the commands that made them what they are
  INSERT INTO ledger_command (key, payload_hash, answer)
    VALUES (c->>'key', v_hash, (v_answer || jsonb_build_object('command', c))::text) ON CONFLICT (key) DO NOTHING;
  IF NOT FOUND THEN PERFORM ledger_refuse('LZ002', 'key_conflict', jsonb_build_object('key', c->>'key')); END IF;
  RETURN v_answer;
END $$;
-- next
-- As before, but a rival's hold of the same key on another account is a conflict by name.
CREATE OR REPLACE FUNCTION ledger_hold(c jsonb, p_hash bytea, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE a ledger_account; v_amount bigint := (c->>'amount')::bigint; v_expires_at timestamptz := (c->>'expires_at')::timestamptz;
BEGIN
  a := ledger_account_for(c->>'key', (c->>'account')::uuid);
  IF v_expires_at <= p_now THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command', jsonb_build_object('key', c->>'key',
      'field', 'expires_at', 'reason', 'later than now'));
  END IF;
  PERFORM ledger_require(c->>'key', a.id, v_amount, p_now);
  INSERT INTO ledger_hold (key, account, amount, held_at, expires_at, reference)
    VALUES (c->>'key', a.id, v_amount, p_now, v_expires_at, c->>'reference') ON CONFLICT (key) DO NOTHING;
  IF NOT FOUND THEN PERFORM ledger_refuse('LZ002', 'key_conflict', jsonb_build_object('key', c->>'key')); END IF;
  UPDATE ledger_account SET held = held + v_amount WHERE id = a.id;
  RETURN ledger_answer(c->>'key', 'held', NULL, v_amount, 0);
END $$;
-- next
-- As before, but behind the gate: no branch is opened in a city that is being closed.
CREATE OR REPLACE FUNCTION ledger_open_book(p_book text, p_kind text, p_city text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b ledger_book;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(ledger_gate());
  IF ledger_is_text(to_jsonb(p_book)) IS NOT TRUE OR (p_kind = CASE WHEN p_city IS NULL THEN 'city' ELSE 'branch' END) IS NOT TRUE THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command',
      jsonb_build_object('field', 'book', 'reason', ledger_reason('book')));
  END IF;
  IF p_city IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM ledger_book WHERE id = p_city AND kind = 'city' AND state = 'open') THEN
    PERFORM ledger_refuse('LZ023', 'book_conflict', jsonb_build_object('book', p_city));
  END IF;
  INSERT INTO ledger_book (id, kind, city) VALUES (p_book, p_kind, p_city) ON CONFLICT (id) DO NOTHING;
  SELECT * INTO b FROM ledger_book WHERE id = p_book;
  IF b.kind <> p_kind OR b.city IS DISTINCT FROM p_city OR b.state = 'closed' THEN
    PERFORM ledger_refuse('LZ023', 'book_conflict', jsonb_build_object('book', p_book));
  END IF;
END $$;
-- next
-- As before, but a reserve without a floor can bear everything.
CREATE OR REPLACE FUNCTION ledger_draw(p_city text, p_unit text, p_day date, p_branch text, p_amount bigint, p_now timestamptz,
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
  IF v_reserve.floor IS NULL THEN drawn := p_amount; END IF;
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
-- Nights are asked for by day: one that has not begun yet would keep all nights before it from being run.
CREATE FUNCTION ledger_check_night() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.unit NOT IN ('minute', 'fen', 'credit') THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command',
      jsonb_build_object('field', 'unit', 'reason', ledger_reason('unit')));
  ELSIF NEW.on_day < '0001-01-01' OR NEW.on_day > (NEW.ran_at AT TIME ZONE 'UTC')::date + 1 THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command',
      jsonb_build_object('field', 'on_day', 'reason', 'a day that has begun', 'now', NEW.ran_at));
  END IF;
  RETURN NEW;
END $$;
-- next
CREATE TRIGGER ledger_night BEFORE INSERT ON ledger_cycle FOR EACH ROW EXECUTE FUNCTION ledger_check_night();
-- next
-- A root of a day that no reader can read would spoil every export.
CREATE FUNCTION ledger_check_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ledger_refuse('LZ018', 'invalid_command',
    jsonb_build_object('field', 'on_day', 'reason', 'a day in the years 1 to 9999'));
  RETURN NULL;
END $$;
-- next
CREATE TRIGGER ledger_day BEFORE INSERT ON ledger_root FOR EACH ROW
  WHEN (NEW.on_day NOT BETWEEN '0001-01-01' AND '9999-12-31') EXECUTE FUNCTION ledger_check_day();
-- next
DO $$
DECLARE f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p
    WHERE p.proname LIKE 'ledger\_%' AND p.pronamespace = current_schema()::regnamespace LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;
