-- The write path a third time, measured: one transfer has a door with typed parameters, an entry is written with fewer and
-- shorter statements, and its judges ask less: PostgreSQL prepares every expression anew in every transaction.

-- What an entry's digest says of one leg ...
CREATE FUNCTION ledger_leg_text(p_role text, p_account uuid, p_book text, p_unit text, p_branch text, p_partner text,
  p_amount bigint) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat(octet_length(p_role), ':', p_role, CASE WHEN p_account IS NULL THEN '-' ELSE '36:' END, p_account,
    octet_length(p_book), ':', p_book, octet_length(p_unit), ':', p_unit,
    COALESCE(octet_length(p_branch) || ':' || p_branch, '-'), COALESCE(octet_length(p_partner) || ':' || p_partner, '-'),
    length(p_amount::text), ':', p_amount)
$$;
-- next
-- ... and of the entry, with the texts of its legs in their order.
CREATE FUNCTION ledger_seal(p_key text, p_payload_hash bytea, p_kind text, p_reference text, p_occurred_at timestamptz,
  p_reverses_key text, p_legs text) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to(concat(octet_length(p_key), ':', p_key,
    2 * octet_length(p_payload_hash), ':', encode(p_payload_hash, 'hex'), octet_length(p_kind), ':', p_kind,
    octet_length(p_reference), ':', p_reference, ledger_field((extract(epoch FROM p_occurred_at) * 1000000)::bigint::text),
    COALESCE(octet_length(p_reverses_key) || ':' || p_reverses_key, '-'), p_legs), 'UTF8'))
$$;
-- next
CREATE OR REPLACE FUNCTION ledger_digest(
  p_key text, p_payload_hash bytea, p_kind text, p_reference text, p_occurred_at timestamptz, p_reverses_key text,
  p_legs ledger_leg[]) RETURNS bytea LANGUAGE plpgsql STABLE AS $$
DECLARE leg ledger_leg; v_legs text := '';
BEGIN
  FOREACH leg IN ARRAY p_legs LOOP
    v_legs := v_legs || ledger_leg_text(leg.role, leg.account, leg.book, leg.unit, leg.branch, leg.partner, leg.amount);
  END LOOP;
  RETURN ledger_seal(p_key, p_payload_hash, p_kind, p_reference, p_occurred_at, p_reverses_key, v_legs);
END $$;
-- next
-- The usual transfer, its accounts' gate passed. The entry, or null where anything is out of the ordinary: then the
-- general way decides, under the same locks.
CREATE FUNCTION ledger_move(p_key text, p_hash bytea, p_source uuid, p_destination uuid, p_amount bigint, p_kind text,
  p_reference text, p_at timestamptz, p_now timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE s ledger_account; d ledger_account;
BEGIN
  IF p_source < p_destination THEN
    SELECT * INTO s FROM ledger_account WHERE id = p_source FOR NO KEY UPDATE;
    SELECT * INTO d FROM ledger_account WHERE id = p_destination FOR NO KEY UPDATE;
  ELSE
    SELECT * INTO d FROM ledger_account WHERE id = p_destination FOR NO KEY UPDATE;
    SELECT * INTO s FROM ledger_account WHERE id = p_source FOR NO KEY UPDATE;
  END IF;
  IF (p_at <= p_now AND s.state = 'open' AND d.state = 'open' AND s.unit = d.unit AND s.id <> d.id
      AND (s.floor IS NULL OR s.posted - s.held - p_amount >= s.floor)
      AND (d.cap IS NULL OR d.posted + p_amount <= d.cap)) IS NOT TRUE
     OR EXISTS (SELECT FROM ledger_entry WHERE key = p_key) OR EXISTS (SELECT FROM ledger_command WHERE key = p_key)
  THEN RETURN NULL; END IF;
  RETURN ledger_store_move(p_key, p_hash, s, d, p_amount, p_kind, p_reference, p_at);
END $$;
-- next
-- The entry of one transfer that its accounts can bear: what ledger_legs and ledger_write do, without their arrays. Null
-- between two cities.
CREATE FUNCTION ledger_store_move(p_key text, p_hash bytea, s ledger_account, d ledger_account, p_amount bigint, p_kind text,
  p_reference text, p_at timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE v_city text; v_gives boolean := false; v_takes boolean := false; v_said text; v_digest bytea; v_out bytea; v_in bytea;
BEGIN
  v_said := ledger_leg_text('account', s.id, s.book, s.unit, NULL, NULL, -p_amount)
    || ledger_leg_text('account', d.id, d.book, d.unit, NULL, NULL, p_amount);
  IF s.book <> d.book THEN
    SELECT COALESCE(g.city, g.id), g.kind = 'branch', t.kind = 'branch' INTO v_city, v_gives, v_takes
      FROM ledger_book g, ledger_book t
      WHERE g.id = s.book AND t.id = d.book AND COALESCE(g.city, g.id) = COALESCE(t.city, t.id);
    IF NOT FOUND THEN RETURN NULL; END IF;
    v_said := concat(v_said,
      CASE WHEN v_gives THEN ledger_leg_text('clearing', NULL, s.book, s.unit, s.book, d.book, p_amount) END,
      CASE WHEN v_gives THEN ledger_leg_text('position', NULL, v_city, s.unit, s.book, d.book, -p_amount) END,
      CASE WHEN v_takes THEN ledger_leg_text('clearing', NULL, d.book, s.unit, d.book, s.book, -p_amount) END,
      CASE WHEN v_takes THEN ledger_leg_text('position', NULL, v_city, s.unit, d.book, s.book, p_amount) END);
  END IF;
  v_digest := ledger_seal(p_key, p_hash, p_kind, p_reference, p_at, NULL, v_said);
  v_out := ledger_link(s.chain_head, v_digest, s.id, s.version + 1, -p_amount, s.posted - p_amount);
  v_in := ledger_link(d.chain_head, v_digest, d.id, d.version + 1, p_amount, d.posted + p_amount);
  UPDATE ledger_account a SET version = a.version + 1,
    posted = a.posted + CASE a.id WHEN s.id THEN -p_amount ELSE p_amount END,
    owed = GREATEST(0, a.floor - (a.posted + CASE a.id WHEN s.id THEN -p_amount ELSE p_amount END - a.held)),
    chain_head = CASE a.id WHEN s.id THEN v_out ELSE v_in END
    WHERE a.id IN (s.id, d.id);
  WITH made AS (
    INSERT INTO ledger_entry (key, payload_hash, kind, reference, occurred_at, amount, digest)
    VALUES (p_key, p_hash, p_kind, p_reference, p_at, p_amount, v_digest) ON CONFLICT (key) DO NOTHING RETURNING id
  )
  INSERT INTO ledger_posting (entry, unit, leg, role, account, book, branch, partner, amount, version, balance_after, hash)
  SELECT made.id, s.unit, l.leg, l.role, l.account, l.book, l.branch, l.partner, l.amount, l.version, l.balance_after, l.hash
  FROM made, (VALUES
    (true, 1, 'account', s.id, s.book, NULL, NULL, -p_amount, s.version + 1, s.posted - p_amount, v_out),
    (true, 2, 'account', d.id, d.book, NULL, NULL, p_amount, d.version + 1, d.posted + p_amount, v_in),
    (v_gives, 3, 'clearing', NULL, s.book, s.book, d.book, p_amount, NULL, NULL, NULL),
    (v_gives, 4, 'position', NULL, v_city, s.book, d.book, -p_amount, NULL, NULL, NULL),
    (v_takes, CASE WHEN v_gives THEN 5 ELSE 3 END, 'clearing', NULL, d.book, d.book, s.book, -p_amount, NULL, NULL, NULL),
    (v_takes, CASE WHEN v_gives THEN 6 ELSE 4 END, 'position', NULL, v_city, d.book, s.book, p_amount, NULL, NULL, NULL)
    ) l(there, leg, role, account, book, branch, partner, amount, version, balance_after, hash) WHERE l.there;
  IF NOT FOUND THEN PERFORM ledger_refuse('LZ002', 'key_conflict', jsonb_build_object('key', p_key)); END IF;
  RETURN currval('ledger_entry_id_seq');
END $$;
-- next
DROP FUNCTION ledger_transfer(jsonb, timestamptz);
-- next
-- One transfer by typed parameters, for whoever makes many: the same answer, hash and refusals as ledger_apply's for the
-- command that says it. Plain ASCII goes straight; what needs JSON's escapes, or a judgement, takes the general way.
CREATE FUNCTION ledger_transfer(p_key text, p_source uuid, p_destination uuid, p_amount bigint, p_kind text,
  p_reference text, p_occurred_at timestamptz, p_now timestamptz, OUT entry bigint, OUT repeated boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_answer jsonb; v_at text := CASE WHEN p_occurred_at BETWEEN '0001-01-01 00:00Z' AND '9999-12-31 23:59:59.999999Z'
  THEN to_char(p_occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') ELSE p_occurred_at::text END;
BEGIN
  IF p_amount BETWEEN 1 AND 1000000000000000 AND p_occurred_at >= '0001-01-01 00:00Z'
     AND p_now BETWEEN p_occurred_at AND '9999-12-31 23:59:59.999999Z'
     AND length(p_key) BETWEEN 1 AND 200 AND length(p_kind) BETWEEN 1 AND 200 AND length(p_reference) BETWEEN 1 AND 200
     AND p_key || p_kind || p_reference !~ '[^ !#-[\]-~]' AND NOT starts_with(p_key, 'cycle:')
     AND pg_advisory_xact_lock_shared(ledger_gate()) IS NOT NULL THEN
    entry := ledger_move(p_key, sha256(convert_to(concat('{"key": "', p_key, '", "kind": "', p_kind,
      '", "type": "post", "excess_to": null, "reference": "', p_reference, '", "transfers": [{"amount": ', p_amount,
      ', "source": "', p_source, '", "destination": "', p_destination, '"}], "occurred_at": "', v_at, '"}'), 'UTF8')),
      p_source, p_destination, p_amount, p_kind, p_reference, p_occurred_at, p_now);
    repeated := false;
  END IF;
  IF entry IS NULL THEN
    v_answer := ledger_apply(jsonb_build_array(jsonb_build_object('type', 'post', 'key', p_key, 'kind', p_kind,
      'reference', p_reference, 'occurred_at', v_at, 'excess_to', NULL, 'transfers', jsonb_build_array(
        jsonb_build_object('source', p_source, 'destination', p_destination, 'amount', p_amount)))), p_now)->0;
    entry := v_answer->'entry_id';
    repeated := v_answer ? 'repeated';
  END IF;
END $$;
