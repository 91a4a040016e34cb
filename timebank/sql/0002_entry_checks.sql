-- Entries: the digest over everything an entry says, and the statement trigger that accepts an entry's legs only all at
-- once, balanced in every book and unit, mirrored per branch, equal to the digest and to the accounts they moved.

CREATE TYPE ledger_leg AS (role text, account uuid, book text, unit text, branch text, partner text, amount bigint);
-- next
-- A field with its length before it, so that no two lists of fields read the same.
CREATE FUNCTION ledger_field(p_value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(octet_length(p_value)::text || ':' || p_value, '-')
$$;
-- next
CREATE FUNCTION ledger_digest(
  p_key text, p_payload_hash bytea, p_kind text, p_reference text, p_occurred_at timestamptz, p_reverses_key text,
  p_legs ledger_leg[]) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to(
    ledger_field(p_key) || ledger_field(encode(p_payload_hash, 'hex')) || ledger_field(p_kind)
    || ledger_field(p_reference) || ledger_field((extract(epoch FROM p_occurred_at) * 1000000)::bigint::text)
    || ledger_field(p_reverses_key)
    || string_agg(ledger_field(role) || ledger_field(account::text) || ledger_field(book) || ledger_field(unit)
       || ledger_field(branch) || ledger_field(partner) || ledger_field(amount::text), '' ORDER BY place), 'UTF8'))
  FROM unnest(p_legs) WITH ORDINALITY AS legs(role, account, book, unit, branch, partner, amount, place)
$$;
-- next
-- The next link of an account's chain.
CREATE FUNCTION ledger_link(p_head bytea, p_digest bytea, p_account uuid, p_version bigint, p_amount bigint,
  p_balance_after bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(p_head || p_digest || uuid_send(p_account) || int8send(p_version) || int8send(p_amount)
                || int8send(p_balance_after))
$$;
-- next
CREATE FUNCTION ledger_check_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad bigint;
BEGIN
  SELECT n.entry INTO bad FROM new_rows n GROUP BY n.entry
    HAVING count(*) <> (SELECT count(*) FROM ledger_posting p WHERE p.entry = n.entry) LIMIT 1;
  IF FOUND THEN PERFORM ledger_refuse('LZ021', 'entry_sealed', jsonb_build_object('entry', bad)); END IF;
  SELECT entry INTO bad FROM new_rows GROUP BY entry, book, unit HAVING sum(amount) <> 0 OR count(*) < 2 LIMIT 1;
  IF FOUND THEN
    PERFORM ledger_refuse('LZ020', 'unbalanced_entry', jsonb_build_object('entry', bad, 'reason', 'book and unit'));
  END IF;
  SELECT entry INTO bad FROM new_rows WHERE branch IS NOT NULL GROUP BY entry, branch, unit
    HAVING sum(amount) <> 0 LIMIT 1;
  IF FOUND THEN
    PERFORM ledger_refuse('LZ020', 'unbalanced_entry', jsonb_build_object('entry', bad, 'reason', 'mirror'));
  END IF;
  RETURN NULL;
END $$;
-- next
CREATE FUNCTION ledger_check_truth() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad bigint; closed record;
BEGIN
  SELECT e.id INTO bad FROM ledger_entry e LEFT JOIN ledger_entry r ON r.id = e.reverses JOIN (
      SELECT entry, array_agg(ROW(role, account, book, unit, branch, partner, amount)::ledger_leg ORDER BY leg) AS legs
      FROM new_rows GROUP BY entry) l ON l.entry = e.id
    WHERE e.digest <> ledger_digest(e.key, e.payload_hash, e.kind, e.reference, e.occurred_at, r.key, l.legs) LIMIT 1;
  IF FOUND THEN
    PERFORM ledger_refuse('LZ020', 'unbalanced_entry', jsonb_build_object('entry', bad, 'reason', 'digest'));
  END IF;
  -- only an account's newest leg must equal the account: an entry may move an account several times
  SELECT n.entry INTO bad FROM new_rows n JOIN ledger_account a ON a.id = n.account
    WHERE n.book <> a.book OR n.unit <> a.unit OR n.version > a.version
       OR (n.version = a.version AND (n.balance_after <> a.posted OR n.hash <> a.chain_head))
       OR NOT EXISTS (SELECT 1 FROM ledger_posting p WHERE p.account = a.id AND p.version = a.version) LIMIT 1;
  IF FOUND THEN
    PERFORM ledger_refuse('LZ020', 'unbalanced_entry', jsonb_build_object('entry', bad, 'reason', 'account'));
  END IF;
  SELECT e.key, p.book, e.occurred_at INTO closed FROM (SELECT DISTINCT entry, book FROM new_rows) n
    JOIN ledger_entry e ON e.id = n.entry
    JOIN ledger_period p ON p.book = n.book AND e.occurred_at >= p.starts_at AND e.occurred_at < p.ends_at LIMIT 1;
  IF FOUND THEN
    PERFORM ledger_refuse('LZ008', 'period_closed',
      jsonb_build_object('key', closed.key, 'book', closed.book, 'occurred_at', closed.occurred_at));
  END IF;
  RETURN NULL;
END $$;
-- next
CREATE TRIGGER ledger_balance AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_balance();
-- next
CREATE TRIGGER ledger_truth AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_truth();
-- next
-- An entry without legs is seen at commit only: its legs come in the statement after it.
CREATE FUNCTION ledger_check_legs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM ledger_posting WHERE entry = NEW.id) THEN
    PERFORM ledger_refuse('LZ020', 'unbalanced_entry', jsonb_build_object('entry', NEW.id, 'reason', 'no legs'));
  END IF;
  RETURN NULL;
END $$;
-- next
CREATE CONSTRAINT TRIGGER ledger_has_legs AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION ledger_check_legs();
