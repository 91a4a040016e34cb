-- The yardstick: the leanest double-entry ledger that we know to keep the basic promises, by a spike of our own. One
-- function, accounts locked in one order, idempotent by key, floors by CHECK, append-only and sum-zero by triggers, a
-- hash chain per account. It has no payload hash, holds, caps, reversals, periods, clearing, digests or points in time.
CREATE SCHEMA tb;
SET search_path = tb, public;
CREATE TABLE account (
  id bigint PRIMARY KEY, unit text NOT NULL DEFAULT 'MIN',
  floor bigint NOT NULL DEFAULT 0, ceiling bigint NOT NULL DEFAULT 9000000000000000,
  balance bigint NOT NULL DEFAULT 0, version bigint NOT NULL DEFAULT 0,
  head bytea NOT NULL DEFAULT sha256('genesis'),
  CHECK (balance BETWEEN floor AND ceiling)) WITH (fillfactor = 50);
CREATE TABLE journal (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, idem uuid NOT NULL UNIQUE,
  kind smallint NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE posting (
  account_id bigint NOT NULL REFERENCES account, version bigint NOT NULL,
  journal_id bigint NOT NULL REFERENCES journal, amount bigint NOT NULL CHECK (amount <> 0),
  balance_after bigint NOT NULL, hash bytea NOT NULL, PRIMARY KEY (account_id, version));
CREATE INDEX posting_journal ON posting (journal_id);
CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append-only: % on %', TG_OP, TG_TABLE_NAME; END $$;
CREATE TRIGGER ao BEFORE UPDATE OR DELETE OR TRUNCATE ON journal FOR EACH STATEMENT EXECUTE FUNCTION deny();
CREATE TRIGGER ao BEFORE UPDATE OR DELETE OR TRUNCATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION deny();
CREATE FUNCTION sumzero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM new_rows GROUP BY journal_id HAVING sum(amount) <> 0 OR count(*) < 2) THEN
    RAISE EXCEPTION 'unbalanced journal';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER sz AFTER INSERT ON posting REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION sumzero();
CREATE FUNCTION xfer(p_idem uuid, p_from bigint, p_to bigint, p_amt bigint, p_kind smallint DEFAULT 1) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE j bigint; r1 record; r2 record; d bigint; lo bigint; hi bigint;
BEGIN
  IF p_amt <= 0 OR p_from = p_to THEN RAISE EXCEPTION 'bad transfer'; END IF;
  INSERT INTO tb.journal (idem, kind) VALUES (p_idem, p_kind) ON CONFLICT (idem) DO NOTHING RETURNING id INTO j;
  IF j IS NULL THEN SELECT id INTO j FROM tb.journal WHERE idem = p_idem; RETURN j; END IF;
  IF p_from < p_to THEN lo := p_from; hi := p_to; d := -p_amt; ELSE lo := p_to; hi := p_from; d := p_amt; END IF;
  UPDATE tb.account SET balance = balance + d, version = version + 1,
    head = sha256(head || int8send(id) || int8send(version + 1) || int8send(j) || int8send(d) || int8send(balance + d))
    WHERE id = lo RETURNING balance, version, unit, head INTO r1;
  UPDATE tb.account SET balance = balance - d, version = version + 1,
    head = sha256(head || int8send(id) || int8send(version + 1) || int8send(j) || int8send(-d) || int8send(balance - d))
    WHERE id = hi RETURNING balance, version, unit, head INTO r2;
  IF r1.unit IS DISTINCT FROM r2.unit OR r1.unit IS NULL THEN RAISE EXCEPTION 'unit mismatch or no account'; END IF;
  INSERT INTO tb.posting VALUES (lo, r1.version, j, d, r1.balance, r1.head), (hi, r2.version, j, -d, r2.balance, r2.head);
  RETURN j;
END $$;
INSERT INTO account (id, floor) SELECT g, -1000000000000 FROM generate_series(0, 9999) g;
