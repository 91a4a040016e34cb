-- Books, closed periods, snapshots of clearing, daily roots. What must not race with writers takes the gate alone.

CREATE FUNCTION ledger_open_book(p_book text, p_kind text, p_city text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b ledger_book;
BEGIN
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
-- Sums of the legs without an account, per branch and unit: the newest snapshot and what came after it.
CREATE VIEW ledger_leg_sum AS
  SELECT branch, role, unit, sum(amount)::bigint AS amount FROM (
    SELECT branch, role, unit, amount FROM ledger_snapshot
      WHERE upto_entry = (SELECT max(upto_entry) FROM ledger_snapshot)
    UNION ALL
    SELECT branch, role, unit, amount FROM ledger_posting
      WHERE role <> 'account' AND entry > (SELECT COALESCE(max(upto_entry), 0) FROM ledger_snapshot)
  ) legs GROUP BY branch, role, unit;
-- next
CREATE VIEW ledger_net_position AS
  SELECT s.branch, b.city, s.unit,
    COALESCE(sum(s.amount) FILTER (WHERE s.role = 'clearing'), 0)::bigint AS clearing,
    COALESCE(sum(s.amount) FILTER (WHERE s.role = 'settled'), 0)::bigint AS settled,
    COALESCE(sum(s.amount) FILTER (WHERE s.role = 'position'), 0)::bigint AS position
  FROM ledger_leg_sum s JOIN ledger_book b ON b.id = s.branch GROUP BY s.branch, b.city, s.unit;
-- next
CREATE FUNCTION ledger_close_book(p_book text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_open bigint; v_clearing bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(ledger_gate());
  PERFORM 1 FROM ledger_book WHERE id = p_book FOR NO KEY UPDATE;
  IF NOT FOUND THEN PERFORM ledger_refuse('LZ015', 'unknown_book', jsonb_build_object('book', p_book)); END IF;
  SELECT (SELECT count(*) FROM ledger_account WHERE book = p_book AND state = 'open')
       + (SELECT count(*) FROM ledger_book WHERE city = p_book AND state = 'open') INTO v_open;
  SELECT COALESCE(sum(abs(clearing)), 0) INTO v_clearing FROM ledger_net_position WHERE branch = p_book;
  IF v_open > 0 OR v_clearing > 0 THEN
    PERFORM ledger_refuse('LZ024', 'book_not_empty',
      jsonb_build_object('book', p_book, 'open_accounts', v_open, 'clearing', v_clearing));
  END IF;
  UPDATE ledger_book SET state = 'closed' WHERE id = p_book AND state = 'open';
END $$;
-- next
CREATE FUNCTION ledger_close_period(p_book text, p_starts_at timestamptz, p_ends_at timestamptz, p_now timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(ledger_gate());
  IF NOT EXISTS (SELECT 1 FROM ledger_book WHERE id = p_book) THEN
    PERFORM ledger_refuse('LZ015', 'unknown_book', jsonb_build_object('book', p_book));
  ELSIF p_starts_at >= p_ends_at OR p_ends_at > p_now THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command',
      jsonb_build_object('field', 'ends_at', 'reason', 'after starts_at and not later than now'));
  END IF;
  INSERT INTO ledger_period (book, starts_at, ends_at, closed_at) VALUES (p_book, p_starts_at, p_ends_at, p_now)
    ON CONFLICT (book, starts_at) DO NOTHING;
  IF NOT FOUND AND (SELECT ends_at FROM ledger_period WHERE book = p_book AND starts_at = p_starts_at) <> p_ends_at THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command',
      jsonb_build_object('field', 'ends_at', 'reason', 'the period was closed with another end'));
  END IF;
END $$;
-- next
CREATE FUNCTION ledger_take_snapshot() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_upto bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(ledger_gate());
  SELECT COALESCE(max(id), 0) INTO v_upto FROM ledger_entry;
  INSERT INTO ledger_snapshot (branch, role, unit, upto_entry, amount)
    SELECT branch, role, unit, v_upto, amount FROM ledger_leg_sum ON CONFLICT DO NOTHING;
  RETURN v_upto;
END $$;
-- next
-- Merkle root of all accounts' heads: leaf = sha256(00, account, version, head), node = sha256(01, left, right), an odd
-- last node rises unchanged. Repeating it on the same day answers with the root already made.
CREATE FUNCTION ledger_make_root(p_day date) RETURNS bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE level bytea[]; v_root bytea; v_leaves bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(ledger_gate());
  SELECT root INTO v_root FROM ledger_root WHERE on_day = p_day;
  IF FOUND THEN RETURN v_root; END IF;
  SELECT array_agg(sha256('\x00'::bytea || uuid_send(id) || int8send(version) || chain_head) ORDER BY id), count(*)
    INTO level, v_leaves FROM ledger_account;
  WHILE array_length(level, 1) > 1 LOOP
    SELECT array_agg(CASE WHEN r IS NULL THEN l ELSE sha256('\x01'::bytea || l || r) END ORDER BY place) INTO level
      FROM (SELECT place, node AS l, lead(node) OVER (ORDER BY place) AS r
            FROM unnest(level) WITH ORDINALITY AS n(node, place)) pairs WHERE place % 2 = 1;
  END LOOP;
  v_root := COALESCE(level[1], sha256(''::bytea));
  INSERT INTO ledger_root (on_day, root, leaves) VALUES (p_day, v_root, v_leaves);
  INSERT INTO ledger_root_leaf (on_day, account, version, head)
    SELECT p_day, id, version, chain_head FROM ledger_account;
  RETURN v_root;
END $$;
-- next
-- Nobody calls the ledger's functions but whom the deployment names (timebank.schema.grant_sql).
DO $$
DECLARE f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p
    WHERE p.proname LIKE 'ledger\_%' AND p.pronamespace = current_schema()::regnamespace LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;
