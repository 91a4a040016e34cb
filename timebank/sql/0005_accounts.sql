-- Opening, limiting, closing and reopening accounts.

CREATE FUNCTION ledger_open(c jsonb, p_hash bytea) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE b ledger_book; v_account uuid := (c->>'account')::uuid;
BEGIN
  SELECT * INTO b FROM ledger_book WHERE id = c->>'book';
  IF NOT FOUND THEN PERFORM ledger_refuse('LZ015', 'unknown_book', jsonb_build_object('book', c->>'book')); END IF;
  IF b.state = 'closed' THEN PERFORM ledger_refuse('LZ025', 'book_closed', jsonb_build_object('book', b.id)); END IF;
  INSERT INTO ledger_account (id, book, unit, kind, owner, floor, cap, chain_head)
    VALUES (v_account, b.id, c->>'unit', c->>'kind', c->>'owner', (c->>'floor')::bigint, (c->>'cap')::bigint,
            sha256(uuid_send(v_account)))
    ON CONFLICT (id) DO NOTHING;
  IF NOT FOUND THEN
    PERFORM ledger_refuse('LZ013', 'account_exists', jsonb_build_object('key', c->>'key', 'account', v_account));
  END IF;
  RETURN ledger_remember(c->>'key', p_hash, ledger_answer(c->>'key', 'open', NULL, 0, 0));
END $$;
-- next
CREATE FUNCTION ledger_limits(c jsonb, p_hash bytea, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE a ledger_account; v_floor bigint := (c->>'floor')::bigint;
BEGIN
  a := ledger_account_for(c->>'key', (c->>'account')::uuid);
  IF a.kind = 'issuance' AND v_floor IS NULL THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command', jsonb_build_object('key', c->>'key', 'field', 'floor',
      'reason', 'an issuance needs its authorised ceiling'));
  END IF;
  PERFORM ledger_free_expired(a.id, p_now);
  SELECT * INTO a FROM ledger_account WHERE id = a.id;
  IF GREATEST(0, v_floor - (a.posted - a.held)) > a.owed THEN
    PERFORM ledger_refuse('LZ001', 'insufficient_balance', jsonb_build_object('key', c->>'key', 'account', a.id,
      'available', a.posted - a.held, 'floor', v_floor, 'amount', 0));
  END IF;
  UPDATE ledger_account SET floor = v_floor, cap = (c->>'cap')::bigint,
    owed = GREATEST(0, v_floor - (posted - held)) WHERE id = a.id;
  RETURN ledger_remember(c->>'key', p_hash, ledger_answer(c->>'key', 'open', NULL, 0, 0));
END $$;
-- next
CREATE FUNCTION ledger_close(c jsonb, p_hash bytea, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE a ledger_account;
BEGIN
  a := ledger_account_for(c->>'key', (c->>'account')::uuid);
  PERFORM ledger_free_expired(a.id, p_now);
  SELECT * INTO a FROM ledger_account WHERE id = a.id;
  IF a.posted <> 0 OR a.held <> 0 OR a.owed <> 0 THEN
    PERFORM ledger_refuse('LZ014', 'account_not_empty', jsonb_build_object('key', c->>'key', 'account', a.id,
      'posted', a.posted, 'held', a.held, 'owed', a.owed));
  END IF;
  UPDATE ledger_account SET state = 'closed' WHERE id = a.id;
  RETURN ledger_remember(c->>'key', p_hash, ledger_answer(c->>'key', 'closed', NULL, 0, 0));
END $$;
-- next
CREATE FUNCTION ledger_reopen(c jsonb, p_hash bytea) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_account uuid := (c->>'account')::uuid; v_book text;
BEGIN
  UPDATE ledger_account SET state = 'open' WHERE id = v_account RETURNING book INTO v_book;
  IF NOT FOUND THEN
    PERFORM ledger_refuse('LZ005', 'unknown_account', jsonb_build_object('key', c->>'key', 'account', v_account));
  END IF;
  IF (SELECT state FROM ledger_book WHERE id = v_book) = 'closed' THEN
    PERFORM ledger_refuse('LZ025', 'book_closed', jsonb_build_object('book', v_book));
  END IF;
  RETURN ledger_remember(c->>'key', p_hash, ledger_answer(c->>'key', 'open', NULL, 0, 0));
END $$;
