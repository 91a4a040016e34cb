-- Writing one entry: transfers become legs (with clearing, mirror and excess legs), legs move accounts, all are stored.
-- The accounts are locked by the caller before; reading one here locks it again, which costs nothing and is never wrong.

CREATE FUNCTION ledger_account_for(p_key text, p_account uuid) RETURNS ledger_account LANGUAGE plpgsql AS $$
DECLARE a ledger_account;
BEGIN
  SELECT * INTO a FROM ledger_account WHERE id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM ledger_refuse('LZ005', 'unknown_account', jsonb_build_object('key', p_key, 'account', p_account));
  ELSIF a.state = 'closed' THEN
    PERFORM ledger_refuse('LZ006', 'account_closed', jsonb_build_object('key', p_key, 'account', p_account));
  END IF;
  RETURN a;
END $$;
-- next
-- Holds whose time is over no longer count, whether or not a sweep ran.
CREATE FUNCTION ledger_free_expired(p_account uuid, p_now timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE freed bigint;
BEGIN
  WITH gone AS (
    UPDATE ledger_hold SET state = 'expired', resolved_at = p_now
    WHERE account = p_account AND state = 'held' AND expires_at <= p_now RETURNING amount)
  SELECT COALESCE(sum(amount), 0) INTO freed FROM gone;
  IF freed > 0 THEN
    UPDATE ledger_account SET held = held - freed, owed = GREATEST(0, floor - (posted - held + freed))
    WHERE id = p_account;
  END IF;
  RETURN freed;
END $$;
-- next
-- Refuses unless `p_amount` more can leave the account or be set aside on it.
CREATE FUNCTION ledger_require(p_key text, p_account uuid, p_amount bigint, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE a ledger_account;
BEGIN
  SELECT * INTO a FROM ledger_account WHERE id = p_account FOR NO KEY UPDATE;
  IF a.floor IS NULL OR a.posted - a.held - p_amount >= a.floor THEN RETURN; END IF;
  IF ledger_free_expired(p_account, p_now) > 0 THEN
    SELECT * INTO a FROM ledger_account WHERE id = p_account;
    IF a.posted - a.held - p_amount >= a.floor THEN RETURN; END IF;
  END IF;
  PERFORM ledger_refuse('LZ001', 'insufficient_balance', jsonb_build_object('key', p_key, 'account', p_account,
    'available', GREATEST(0, a.posted - a.held - a.floor), 'floor', a.floor, 'amount', p_amount));
END $$;
-- next
-- The legs of one transfer. Between two books of a city: clearing in each branch, and its mirror in the city's book.
CREATE FUNCTION ledger_legs(p_key text, s ledger_account, d ledger_account, p_amount bigint) RETURNS ledger_leg[]
LANGUAGE plpgsql AS $$
DECLARE legs ledger_leg[]; sb ledger_book; db ledger_book;
BEGIN
  IF s.unit <> d.unit THEN
    PERFORM ledger_refuse('LZ007', 'unit_mismatch',
      jsonb_build_object('key', p_key, 'source', s.id, 'destination', d.id));
  END IF;
  legs := ARRAY[ROW('account', s.id, s.book, s.unit, NULL, NULL, -p_amount)::ledger_leg,
                ROW('account', d.id, d.book, d.unit, NULL, NULL, p_amount)::ledger_leg];
  IF s.book = d.book THEN RETURN legs; END IF;
  SELECT * INTO sb FROM ledger_book WHERE id = s.book;
  SELECT * INTO db FROM ledger_book WHERE id = d.book;
  IF COALESCE(sb.city, sb.id) <> COALESCE(db.city, db.id) THEN
    PERFORM ledger_refuse('LZ016', 'books_not_connected',
      jsonb_build_object('key', p_key, 'source_book', s.book, 'destination_book', d.book));
  END IF;
  IF sb.kind = 'branch' THEN
    legs := legs || ROW('clearing', NULL, s.book, s.unit, s.book, d.book, p_amount)::ledger_leg
                 || ROW('position', NULL, sb.city, s.unit, s.book, d.book, -p_amount)::ledger_leg;
  END IF;
  IF db.kind = 'branch' THEN
    legs := legs || ROW('clearing', NULL, d.book, s.unit, d.book, s.book, -p_amount)::ledger_leg
                 || ROW('position', NULL, db.city, s.unit, d.book, s.book, p_amount)::ledger_leg;
  END IF;
  RETURN legs;
END $$;
-- next
-- All transfers of an entry as legs, in order. What a destination's cap refuses goes to p_excess_to in the same entry.
CREATE FUNCTION ledger_expand(p_key text, p_transfers jsonb, p_excess_to uuid,
  OUT legs ledger_leg[], OUT moved bigint, OUT excess bigint) LANGUAGE plpgsql AS $$
DECLARE t jsonb; s ledger_account; d ledger_account; v_amount bigint; v_fits bigint;
BEGIN
  legs := '{}'; moved := 0; excess := 0;
  FOR t IN SELECT value FROM jsonb_array_elements(p_transfers) LOOP
    v_amount := (t->>'amount')::bigint;
    s := ledger_account_for(p_key, (t->>'source')::uuid);
    d := ledger_account_for(p_key, (t->>'destination')::uuid);
    IF v_amount NOT BETWEEN 1 AND 1000000000000000 OR s.id = d.id THEN
      PERFORM ledger_refuse('LZ018', 'invalid_command', jsonb_build_object('key', p_key, 'field', 'transfers',
        'reason', 'an amount out of range, or the same account twice'));
    END IF;
    v_fits := ledger_room(d, legs, v_amount);
    IF v_fits < v_amount THEN
      IF p_excess_to IS NULL OR p_excess_to IN (s.id, d.id)
         OR ledger_room(ledger_account_for(p_key, p_excess_to), legs, v_amount - v_fits) < v_amount - v_fits THEN
        PERFORM ledger_refuse('LZ010', 'cap_reached', jsonb_build_object('key', p_key, 'account', d.id,
          'cap', d.cap, 'posted', d.posted, 'amount', v_amount));
      END IF;
      legs := legs || ledger_legs(p_key, s, ledger_account_for(p_key, p_excess_to), v_amount - v_fits);
    END IF;
    IF v_fits > 0 THEN legs := legs || ledger_legs(p_key, s, d, v_fits); END IF;
    moved := moved + v_fits; excess := excess + v_amount - v_fits;
  END LOOP;
END $$;
-- next
-- How much of an amount an account's cap still takes, after the legs made so far.
CREATE FUNCTION ledger_room(a ledger_account, p_legs ledger_leg[], p_amount bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF a.cap IS NULL THEN RETURN p_amount; END IF;
  RETURN LEAST(p_amount, GREATEST(0, a.cap - a.posted
    - COALESCE((SELECT sum(l.amount)::bigint FROM unnest(p_legs) l WHERE l.account = a.id), 0)));
END $$;
-- next
-- One leg moves one account. p_may_owe (reversals, and captures of what was held): a shortfall below the floor is stored as owed, not refused.
CREATE FUNCTION ledger_move(p_key text, p_account uuid, p_amount bigint, p_digest bytea, p_may_owe boolean,
  p_now timestamptz) RETURNS ledger_account LANGUAGE plpgsql AS $$
DECLARE a ledger_account;
BEGIN
  IF p_amount < 0 AND NOT p_may_owe THEN PERFORM ledger_require(p_key, p_account, -p_amount, p_now); END IF;
  UPDATE ledger_account SET posted = posted + p_amount, version = version + 1,
    -- what still lies below the floor is owed: earnings therefore pay it first
    owed = GREATEST(0, floor - (posted + p_amount - held)),
    chain_head = ledger_link(chain_head, p_digest, id, version + 1, p_amount, posted + p_amount)
  WHERE id = p_account RETURNING * INTO a;
  RETURN a;
END $$;
-- next
CREATE FUNCTION ledger_write(c jsonb, p_hash bytea, p_kind text, p_reference text, p_reverses bigint,
  p_reverses_key text, p_legs ledger_leg[], p_amount bigint, p_excess bigint,
  p_may_owe boolean, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE v_entry bigint; v_digest bytea; leg ledger_leg; a ledger_account; v_at timestamptz := (c->>'occurred_at')::timestamptz;
  versions bigint[] := '{}'; balances bigint[] := '{}'; hashes bytea[] := '{}';
BEGIN
  IF v_at > p_now THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command',
      jsonb_build_object('key', c->>'key', 'field', 'occurred_at', 'reason', 'later than now'));
  END IF;
  v_digest := ledger_digest(c->>'key', p_hash, p_kind, p_reference, v_at, p_reverses_key, p_legs);
  INSERT INTO ledger_entry (key, payload_hash, kind, reference, occurred_at, reverses, amount, excess, digest)
    VALUES (c->>'key', p_hash, p_kind, p_reference, v_at, p_reverses, p_amount, p_excess, v_digest)
    ON CONFLICT (key) DO NOTHING RETURNING id INTO v_entry;
  IF v_entry IS NULL THEN PERFORM ledger_refuse('LZ002', 'key_conflict', jsonb_build_object('key', c->>'key')); END IF;
  FOREACH leg IN ARRAY p_legs LOOP
    a := NULL;
    IF leg.account IS NOT NULL THEN
      a := ledger_move(c->>'key', leg.account, leg.amount, v_digest, p_may_owe, p_now);
    END IF;
    versions := array_append(versions, a.version);
    balances := array_append(balances, a.posted);
    hashes := array_append(hashes, a.chain_head);
  END LOOP;
  INSERT INTO ledger_posting
    (entry, leg, role, account, book, unit, branch, partner, amount, version, balance_after, hash)
  SELECT v_entry, place, role, account, book, unit, branch, partner, amount, version, balance_after, hash
  FROM unnest(p_legs, versions, balances, hashes) WITH ORDINALITY
    AS l(role, account, book, unit, branch, partner, amount, version, balance_after, hash, place);
  RETURN v_entry;
END $$;
