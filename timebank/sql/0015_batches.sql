-- Up to a hundred posts of a call are carried out as a set: the same locks, order, answers and stored rows as one after the
-- other. Whatever is out of the ordinary among them (a repeated key, a cap or floor met, an unknown account) sends those
-- hundred the general way, which decides and refuses command by command.

CREATE TYPE ledger_batch_leg AS (place bigint, leg bigint, role text, account uuid, book text, unit text, branch text,
  partner text, amount bigint, step bigint, posted numeric, version bigint, chain_head bytea, usual boolean);
-- next
CREATE TYPE ledger_batch_entry AS (place bigint, id bigint, key text, payload_hash bytea, kind text, reference text,
  occurred_at timestamptz, amount numeric, digest bytea);
-- next
-- The accounts of all transfers, and those that excess would go to.
CREATE FUNCTION ledger_batch_touched(p_commands jsonb) RETURNS uuid[] LANGUAGE sql STABLE AS $$
  SELECT array_agg(id::uuid) FROM (
    SELECT unnest(ARRAY[t->>'source', t->>'destination']) AS id
      FROM jsonb_array_elements(p_commands) c, jsonb_array_elements(c->'transfers') t
    UNION SELECT c->>'excess_to' FROM jsonb_array_elements(p_commands) c WHERE c->>'excess_to' IS NOT NULL) touched
$$;
-- next
CREATE FUNCTION ledger_all_posts(p_commands jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT NOT EXISTS (SELECT FROM jsonb_array_elements(p_commands) c WHERE c->>'type' <> 'post')
$$;
-- next
-- As before, with a quicker way to the accounts of posts.
CREATE OR REPLACE FUNCTION ledger_lock(p_commands jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_ids uuid[] := '{}'; v_opens boolean := false;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(ledger_gate());
  IF ledger_all_posts(p_commands) THEN
    v_ids := ledger_batch_touched(p_commands);
  ELSE
    FOR i IN 0 .. jsonb_array_length(p_commands) - 1 LOOP
      v_ids := v_ids || ledger_touched(p_commands->i);
      v_opens := v_opens OR p_commands->i->>'type' = 'open';
    END LOOP;
  END IF;
  IF v_opens THEN
    PERFORM pg_advisory_xact_lock(o.place) FROM (
      SELECT DISTINCT hashtextextended(c->>'account', 7215) AS place FROM jsonb_array_elements(p_commands) c
      WHERE c->>'type' = 'open' ORDER BY 1) o;
  END IF;
  PERFORM 1 FROM ledger_account WHERE id = ANY (v_ids) ORDER BY id FOR NO KEY UPDATE;
END $$;
-- next
-- The legs of all transfers by account and step, each with its account's balance and version after it and with the head of
-- the chain that its account had before the call. `usual` is false on a leg that needs a judgement; transfers without
-- legs, of an unknown account, need one, too.
CREATE FUNCTION ledger_batch_legs(p_commands jsonb, p_accounts uuid[]) RETURNS SETOF ledger_batch_leg
LANGUAGE sql STABLE SET enable_nestloop = off AS $$ -- the planner takes a hundred commands for a handful
  WITH account AS MATERIALIZED (
    SELECT a.*, b.kind = 'branch' AS in_branch, COALESCE(b.city, b.id) AS city
      FROM ledger_account a JOIN ledger_book b ON b.id = a.book WHERE a.id = ANY (p_accounts)
  ), transfer AS MATERIALIZED (
    SELECT c.place, t.turn, (t.one->>'source')::uuid AS source, (t.one->>'destination')::uuid AS destination,
      (t.one->>'amount')::bigint AS amount
      FROM jsonb_array_elements(p_commands) WITH ORDINALITY c(command, place),
        jsonb_array_elements(c.command->'transfers') WITH ORDINALITY t(one, turn)
  ), legs AS (
    SELECT t.place, t.turn, s.unit, s.unit = d.unit AND s.city = d.city AND s.id <> d.id AS fits, l.*
      FROM transfer t JOIN account s ON s.id = t.source JOIN account d ON d.id = t.destination, LATERAL (VALUES
      (1, 'account', s.id, s.book, NULL, NULL, -t.amount, true),
      (2, 'account', d.id, d.book, NULL, NULL, t.amount, true),
      (3, 'clearing', NULL, s.book, s.book, d.book, t.amount, s.in_branch AND s.book <> d.book),
      (4, 'position', NULL, s.city, s.book, d.book, -t.amount, s.in_branch AND s.book <> d.book),
      (5, 'clearing', NULL, d.book, d.book, s.book, -t.amount, d.in_branch AND s.book <> d.book),
      (6, 'position', NULL, d.city, d.book, s.book, t.amount, d.in_branch AND s.book <> d.book)
      ) l(nth, role, account, book, branch, partner, amount, there) WHERE l.there
  )
  SELECT l.place, row_number() OVER (PARTITION BY l.place ORDER BY l.turn, l.nth), l.role, l.account, l.book, l.unit,
    l.branch, l.partner, l.amount, row_number() OVER steps, a.posted + sum(l.amount) OVER steps,
    a.version + row_number() OVER steps, a.chain_head,
    l.fits AND (l.account IS NULL OR a.state = 'open' AND a.kind <> 'link' AND CASE
      WHEN l.amount < 0 THEN a.floor IS NULL OR a.posted - a.held + sum(l.amount) OVER steps >= a.floor
      ELSE a.cap IS NULL OR a.posted + sum(l.amount) OVER steps <= a.cap END)
  FROM legs l LEFT JOIN account a ON a.id = l.account
  WINDOW steps AS (PARTITION BY l.account ORDER BY l.place, l.turn, l.nth)
  ORDER BY l.account, l.place, l.turn, l.nth
$$;
-- next
-- The entries of all commands, sealed over their legs.
CREATE FUNCTION ledger_batch_entries(p_commands jsonb, p_legs ledger_batch_leg[]) RETURNS SETOF ledger_batch_entry
LANGUAGE sql VOLATILE AS $$
  SELECT c.place, nextval('ledger_entry_id_seq'), c.command->>'key', c.hash, c.command->>'kind', c.command->>'reference',
    c.occurred_at, l.amount,
    ledger_seal(c.command->>'key', c.hash, c.command->>'kind', c.command->>'reference', c.occurred_at, NULL, l.said)
  FROM (SELECT command, place, sha256(convert_to(command::text, 'UTF8')) AS hash,
          (command->>'occurred_at')::timestamptz AS occurred_at
        FROM jsonb_array_elements(p_commands) WITH ORDINALITY one(command, place)) c
  JOIN (SELECT place, sum(amount) FILTER (WHERE role = 'account' AND amount > 0) AS amount,
          string_agg(ledger_leg_text(role, account, book, unit, branch, partner, amount), '' ORDER BY leg) AS said
        FROM unnest(p_legs) GROUP BY place) l ON l.place = c.place
  ORDER BY c.place
$$;
-- next
-- Posts as a set. The answers, or null where the general way must decide (nothing is written then).
CREATE FUNCTION ledger_batch(p_commands jsonb, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE v_accounts uuid[] := ledger_batch_touched(p_commands); v_legs ledger_batch_leg[]; v_entries ledger_batch_entry[];
  v_rows ledger_posting[] := '{}'; l ledger_batch_leg; e ledger_batch_entry; v_head bytea; v_keys text[]; v_known boolean;
BEGIN
  SELECT array_agg(c->>'key'), count(DISTINCT c->>'key') < count(*) OR bool_or((c->>'occurred_at')::timestamptz > p_now)
    INTO v_keys, v_known FROM jsonb_array_elements(p_commands) c;
  IF v_known OR EXISTS (SELECT FROM ledger_entry WHERE key = ANY (v_keys))
     OR EXISTS (SELECT FROM ledger_command WHERE key = ANY (v_keys)) THEN
    RETURN NULL;
  END IF;
  v_legs := ARRAY(SELECT one FROM ledger_batch_legs(p_commands, v_accounts) one);
  IF EXISTS (SELECT FROM unnest(v_legs) WHERE NOT usual)
     OR (SELECT count(*) FROM unnest(v_legs) WHERE role = 'account')
        <> (SELECT 2 * sum(jsonb_array_length(c->'transfers')) FROM jsonb_array_elements(p_commands) c) THEN
    RETURN NULL;
  END IF;
  v_entries := ARRAY(SELECT one FROM ledger_batch_entries(p_commands, v_legs) one);
  FOREACH l IN ARRAY v_legs LOOP
    e := v_entries[l.place];
    v_head := CASE WHEN l.account IS NOT NULL THEN ledger_link(CASE WHEN l.step = 1 THEN l.chain_head ELSE v_head END,
      e.digest, l.account, l.version, l.amount, l.posted::bigint) END;
    v_rows := array_append(v_rows, ROW(e.id, l.leg, l.role, l.account, l.book, l.unit, l.branch, l.partner, l.amount,
      l.version, l.posted, v_head)::ledger_posting);
  END LOOP;
  PERFORM ledger_batch_store(v_entries, v_rows);
  RETURN (SELECT jsonb_agg(ledger_answer(key, 'posted', id, amount::bigint, 0) ORDER BY place) FROM unnest(v_entries));
END $$;
-- next
CREATE FUNCTION ledger_batch_store(p_entries ledger_batch_entry[], p_rows ledger_posting[]) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  UPDATE ledger_account a SET posted = f.balance_after, version = f.version, chain_head = f.hash,
      owed = GREATEST(0, a.floor - (f.balance_after - a.held))
    FROM (SELECT DISTINCT ON (account) account, version, balance_after, hash FROM unnest(p_rows)
          WHERE account IS NOT NULL ORDER BY account, version DESC) f WHERE a.id = f.account;
  WITH made AS (
    INSERT INTO ledger_entry (id, key, payload_hash, kind, reference, occurred_at, amount, digest) OVERRIDING SYSTEM VALUE
    SELECT id, key, payload_hash, kind, reference, occurred_at, amount, digest FROM unnest(p_entries)
  )
  INSERT INTO ledger_posting SELECT r.* FROM unnest(p_rows) r ORDER BY r.entry, r.leg;
EXCEPTION WHEN unique_violation THEN -- a rival that shares no account took one of the keys meanwhile
  PERFORM ledger_refuse('LZ002', 'key_conflict', jsonb_build_object('key',
    (SELECT key FROM ledger_entry WHERE key = ANY (ARRAY(SELECT key FROM unnest(p_entries))) LIMIT 1)));
END $$;
-- next
-- The commonest of all commands when nothing is wrong with it: a post of one transfer.
CREATE FUNCTION ledger_is_plain(c jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN jsonb_typeof(c) = 'object' AND c->>'type' = 'post' AND jsonb_typeof(c->'transfers') = 'array'
      AND jsonb_typeof(c#>'{transfers,0}') = 'object'
    THEN NOT starts_with(c->>'key', 'cycle:') AND ledger_is_plain_post(c, c#>'{transfers,0}') END
$$;
-- next
CREATE OR REPLACE FUNCTION ledger_apply(p_commands jsonb, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_answer jsonb; v_answers jsonb := '[]';
BEGIN
  IF jsonb_typeof(p_commands) = 'array' AND jsonb_array_length(p_commands) = 1 AND ledger_is_plain(p_commands->0)
     AND p_commands#>>'{0,excess_to}' IS NULL
     AND p_now BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00' THEN
    v_answer := ledger_post_one(p_commands->0, p_now);
    IF v_answer IS NOT NULL THEN RETURN v_answer; END IF;
  ELSE
    PERFORM ledger_check(p_commands, p_now);
  END IF;
  PERFORM ledger_lock(p_commands);
  FOR at IN 0 .. jsonb_array_length(p_commands) - 1 BY 100 LOOP
    v_answers := v_answers || ledger_run_some(jsonb_path_query_array(p_commands, '$[$a to $b]',
      jsonb_build_object('a', at, 'b', at + 99)), p_now);
  END LOOP;
  RETURN v_answers;
END $$;
-- next
-- Some commands of a call, in order, their accounts locked.
CREATE FUNCTION ledger_run_some(p_commands jsonb, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE answers jsonb[] := '{}'; v_answers jsonb;
BEGIN
  IF jsonb_array_length(p_commands) >= 8 AND ledger_all_posts(p_commands) THEN
    v_answers := ledger_batch(p_commands, p_now);
    IF v_answers IS NOT NULL THEN RETURN v_answers; END IF;
  END IF;
  FOR i IN 0 .. jsonb_array_length(p_commands) - 1 LOOP
    answers := array_append(answers, ledger_run(p_commands->i, p_now));
  END LOOP;
  RETURN to_jsonb(answers);
END $$;
-- next
-- The usual call, one transfer. Null where the general way must decide.
CREATE FUNCTION ledger_post_one(c jsonb, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE t jsonb := c#>'{transfers,0}'; v_entry bigint;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(ledger_gate());
  v_entry := ledger_move(c->>'key', sha256(convert_to(c::text, 'UTF8')), (t->>'source')::uuid, (t->>'destination')::uuid,
    (t->>'amount')::bigint, c->>'kind', c->>'reference', (c->>'occurred_at')::timestamptz, p_now);
  IF v_entry IS NULL THEN RETURN NULL; END IF;
  RETURN jsonb_build_array(ledger_answer(c->>'key', 'posted', v_entry, (t->>'amount')::bigint, 0));
END $$;
-- next
-- As before, but the plain ones are recognised for all commands at once.
CREATE OR REPLACE FUNCTION ledger_check(p_commands jsonb, p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE c record; v_flaw text;
BEGIN
  v_flaw := CASE
    WHEN p_commands IS NULL OR jsonb_typeof(p_commands) <> 'array' THEN 'commands'
    WHEN jsonb_array_length(p_commands) > 10000 THEN 'commands'
    WHEN (p_now BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00') IS NOT TRUE THEN 'now' END;
  IF v_flaw IS NOT NULL THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command',
      jsonb_build_object('field', v_flaw, 'reason', ledger_reason(v_flaw)));
  END IF;
  FOR c IN SELECT one.command, one.place FROM jsonb_array_elements(p_commands) WITH ORDINALITY one(command, place)
      WHERE ledger_is_plain(one.command) IS NOT TRUE ORDER BY one.place LOOP
    v_flaw := ledger_flaw(c.command);
    IF v_flaw IS NOT NULL THEN
      PERFORM ledger_refuse('LZ018', 'invalid_command', jsonb_build_object('command', c.place - 1,
        'key', CASE WHEN v_flaw NOT IN ('command', 'key') THEN c.command->'key' END,
        'field', v_flaw, 'reason', ledger_reason(v_flaw)));
    END IF;
  END LOOP;
END $$;
-- next
DO $$
DECLARE f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p
    WHERE p.proname LIKE 'ledger\_%' AND p.pronamespace = current_schema()::regnamespace LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;
