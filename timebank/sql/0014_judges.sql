-- The judges of what is written. An entry that moves each account once is judged by one question; anything else as a set, so
-- that a statement may write the legs of many entries. What was declared (CHECKs, a foreign key, a trigger's WHEN) and
-- is read anew for every statement, the judges ask by the way.

-- Judges the legs of one statement: whole entries, their legs from 1 on in order (so legs for a sealed entry have a gap or
-- collide), each of a known shape; zero in every book and unit, and per branch and unit with the mirror; equal to the
-- accounts that they moved; as the entry's digest says; in no closed period.
CREATE OR REPLACE FUNCTION ledger_judge_legs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_legs bigint; v_good boolean;
BEGIN
  SELECT g.legs, g.sound AND e.reverses IS NULL
      AND e.digest = ledger_seal(e.key, e.payload_hash, e.kind, e.reference, e.occurred_at, NULL, g.said)
      AND NOT EXISTS (SELECT FROM ledger_period WHERE e.occurred_at >= starts_at AND e.occurred_at < ends_at)
    INTO v_legs, v_good
    FROM (SELECT min(n.entry) AS entry, count(*) AS legs, string_agg(
        ledger_leg_text(n.role, n.account, n.book, n.unit, n.branch, n.partner, n.amount), '') AS said,
      min(n.entry) = max(n.entry) AND min(n.leg) = 1 AND max(n.leg) = count(*) AND bool_and(n.amount <> 0 AND CASE n.role
        WHEN 'account' THEN n.branch IS NULL AND (
          SELECT n.version = a.version AND n.balance_after = a.posted AND n.hash = a.chain_head AND n.book = a.book
            AND n.unit = a.unit FROM ledger_account a WHERE a.id = n.account)
        WHEN 'position' THEN n.account IS NULL AND n.branch <> n.book
        ELSE n.account IS NULL AND n.branch = n.book AND n.role IN ('clearing', 'settled') END
        AND (SELECT sum(m.amount) = 0 FROM new_rows m WHERE m.book = n.book AND m.unit = n.unit)
        AND (n.branch IS NULL OR (
          SELECT sum(m.amount) = 0 FROM new_rows m WHERE m.branch = n.branch AND m.unit = n.unit))) AS sound
      FROM new_rows n) g LEFT JOIN ledger_entry e ON e.id = g.entry;
  IF v_good IS NOT TRUE AND v_legs > 0 THEN
    PERFORM ledger_judge_set(ARRAY(SELECT n::ledger_posting FROM new_rows n ORDER BY n.entry, n.leg));
  END IF;
  RETURN NULL;
END $$;
-- next
CREATE FUNCTION ledger_judge_set(p_legs ledger_posting[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$ -- or it is planned anew for every array
DECLARE v_bad bigint; v_by int; v_closed boolean;
BEGIN
  SELECT entry, GROUPING(book, branch) INTO v_bad, v_by FROM unnest(p_legs)
    GROUP BY GROUPING SETS ((entry), (entry, book, unit), (entry, branch, unit))
    HAVING CASE GROUPING(book, branch) WHEN 3 THEN min(leg) <> 1 OR max(leg) <> count(*)
      WHEN 1 THEN sum(amount) <> 0 OR count(*) < 2 ELSE branch IS NOT NULL AND sum(amount) <> 0 END
    ORDER BY GROUPING(book, branch) = 3 DESC, GROUPING(book, branch) LIMIT 1;
  IF v_by = 3 THEN
    PERFORM ledger_refuse('LZ021', 'entry_sealed', jsonb_build_object('entry', v_bad));
  ELSIF FOUND THEN
    PERFORM ledger_unbalanced(v_bad, CASE v_by WHEN 1 THEN 'book and unit' ELSE 'mirror' END);
  END IF;
  SELECT n.entry INTO v_bad FROM (SELECT *,
      lead(version) OVER steps AS next_version, lead(balance_after) OVER steps AS next_balance,
      lead(amount) OVER steps AS next_amount FROM unnest(p_legs) WINDOW steps AS (PARTITION BY account ORDER BY version)) n
    LEFT JOIN ledger_account a ON a.id = n.account
    WHERE (n.amount <> 0 AND CASE n.role
      -- an account's newest leg equals the account, and those before it lead there one by one
      WHEN 'account' THEN n.branch IS NULL AND n.book = a.book AND n.unit = a.unit AND n.hash IS NOT NULL
        AND CASE WHEN n.next_version IS NULL
          THEN n.version = a.version AND n.balance_after = a.posted AND n.hash = a.chain_head
          ELSE n.next_version = n.version + 1 AND n.next_balance = n.balance_after + n.next_amount END
      WHEN 'position' THEN n.account IS NULL AND n.branch <> n.book
      ELSE n.account IS NULL AND n.branch = n.book AND n.role IN ('clearing', 'settled') END) IS NOT TRUE LIMIT 1;
  IF FOUND THEN PERFORM ledger_unbalanced(v_bad, 'account'); END IF;
  SELECT n.entry, n.closed INTO v_bad, v_closed FROM (
      SELECT l.entry, e.digest = ledger_seal(e.key, e.payload_hash, e.kind, e.reference, e.occurred_at, r.key, l.said)
          AND (e.reverses IS NULL) = (r.id IS NULL) AS sealed,
        EXISTS (SELECT FROM ledger_period WHERE e.occurred_at >= starts_at AND e.occurred_at < ends_at) AS closed
      FROM (SELECT entry, string_agg(
              ledger_leg_text(role, account, book, unit, branch, partner, amount), '' ORDER BY leg) AS said
            FROM unnest(p_legs) GROUP BY entry) l
        LEFT JOIN ledger_entry e ON e.id = l.entry LEFT JOIN ledger_entry r ON r.id = e.reverses) n
    WHERE n.sealed IS NOT TRUE OR n.closed ORDER BY n.closed LIMIT 1;
  IF v_closed THEN
    PERFORM ledger_require_open(p_legs);
  ELSIF FOUND THEN
    PERFORM ledger_unbalanced(v_bad, 'digest');
  END IF;
END $$;
-- next
-- Some of these entries are of a time that some book has closed.
CREATE FUNCTION ledger_require_open(p_legs ledger_posting[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
  SELECT e.key, e.occurred_at, c.book INTO bad FROM unnest(p_legs) n JOIN ledger_entry e ON e.id = n.entry
    JOIN ledger_period c ON c.book = n.book AND e.occurred_at >= c.starts_at AND e.occurred_at < c.ends_at LIMIT 1;
  IF FOUND THEN
    PERFORM ledger_refuse('LZ008', 'period_closed',
      jsonb_build_object('key', bad.key, 'book', bad.book, 'occurred_at', bad.occurred_at));
  END IF;
END $$;
-- next
CREATE FUNCTION ledger_unbalanced(p_entry bigint, p_reason text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ledger_refuse('LZ020', 'unbalanced_entry', jsonb_build_object('entry', p_entry, 'reason', p_reason));
END $$;
-- next
DROP FUNCTION ledger_require_balanced(bigint, ledger_leg[]);
-- next
DROP FUNCTION ledger_require_open(ledger_entry, ledger_leg[]);
-- next
DROP TRIGGER ledger_has_legs ON ledger_entry;
-- next
DROP FUNCTION ledger_judge_entries();
-- next
DROP TRIGGER ledger_cycle_stands ON ledger_entry;
-- next
DROP FUNCTION ledger_keep_cycle();
-- next
-- An entry comes with its legs, in one statement, and what a nightly cycle entered stands.
CREATE FUNCTION ledger_judge_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.sealed AND NEW.amount >= 0 AND NEW.excess >= 0 AND EXISTS (SELECT FROM ledger_posting WHERE entry = NEW.id))
     IS NOT TRUE THEN
    PERFORM ledger_unbalanced(NEW.id, 'no legs');
  ELSIF NEW.reverses IS NOT NULL AND (EXISTS (SELECT FROM ledger_cycle WHERE entry = NEW.reverses)
      OR EXISTS (SELECT FROM ledger_cycle_line WHERE draw = NEW.reverses)) THEN
    PERFORM ledger_refuse('LZ019', 'not_reversible', jsonb_build_object('key', NEW.key,
      'entry_key', (SELECT key FROM ledger_entry WHERE id = NEW.reverses)));
  END IF;
  RETURN NULL;
END $$;
-- next
CREATE TRIGGER ledger_has_legs AFTER INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_judge_entry();
-- next
ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_reverses_key, DROP CONSTRAINT ledger_entry_reverses_fkey;
-- next
-- Hardly any entry reverses another: the others are spared the index.
CREATE UNIQUE INDEX ledger_entry_reverses ON ledger_entry (reverses) WHERE reverses IS NOT NULL;
-- next
ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_floor, DROP CONSTRAINT ledger_account_closed_at_zero;
-- next
ALTER TABLE ledger_account ADD CONSTRAINT ledger_account_floor CHECK (posted - held + owed >= floor);
-- next
DROP TRIGGER ledger_account_moves ON ledger_account;
-- next
DROP FUNCTION ledger_judge_move();
-- next
-- A balance moves only together with its version and its chain, a link's mirror with a relay of its link only, and nothing
-- on an account that is closed, at zero.
CREATE FUNCTION ledger_judge_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.version < OLD.version OR (NEW.version = OLD.version) <> (NEW.chain_head = OLD.chain_head)
     OR (NEW.version = OLD.version AND NEW.posted <> OLD.posted) OR NEW.held < 0 OR NEW.owed < 0
     OR (NEW.state = 'open' OR (NEW.state = 'closed' AND NEW.posted = 0 AND NEW.held = 0 AND NEW.owed = 0)) IS NOT TRUE THEN
    PERFORM ledger_refuse('LZ022', 'append_only', jsonb_build_object('table', TG_TABLE_NAME, 'operation', TG_OP));
  ELSIF NEW.kind = 'link' AND NEW.posted <> OLD.posted THEN
    PERFORM ledger_require_relayed(NEW.id, OLD.posted, NEW.posted);
  END IF;
  RETURN NEW;
END $$;
-- next
CREATE TRIGGER ledger_balance_judged BEFORE UPDATE OF posted, held, owed, version, chain_head, state ON ledger_account
  FOR EACH ROW EXECUTE FUNCTION ledger_judge_balance();
