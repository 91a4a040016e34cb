-- The checks of the proof, each headed by its invariant and name. A check returns what breaks it: subject and detail.

-- check 1 entry_unbalanced
SELECT entry, book || ' ' || unit || ' sums to ' || sum(amount)
FROM ledger_posting GROUP BY entry, book, unit HAVING sum(amount) <> 0

-- check 1 entry_without_legs
SELECT e.id, count(p.entry) || ' legs'
FROM ledger_entry e LEFT JOIN ledger_posting p ON p.entry = e.id GROUP BY e.id HAVING count(p.entry) < 2

-- check 3 entry_differs_from_digest
SELECT e.id, e.key
FROM ledger_entry e LEFT JOIN ledger_entry r ON r.id = e.reverses JOIN (
  SELECT entry, array_agg(ROW(role, account, book, unit, branch, partner, amount)::ledger_leg ORDER BY leg) AS legs
  FROM ledger_posting GROUP BY entry) l ON l.entry = e.id
WHERE e.digest <> ledger_digest(e.key, e.payload_hash, e.kind, e.reference, e.occurred_at, r.key, l.legs)

-- check 3 chain_broken
SELECT account, 'version ' || version
FROM (
  SELECT p.account, p.version, p.amount, p.balance_after, p.hash, e.digest, row_number() OVER chain AS place,
    lag(p.balance_after, 1, 0::bigint) OVER chain AS balance_before,
    lag(p.hash, 1, sha256(uuid_send(p.account))) OVER chain AS head
  FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry WHERE p.account IS NOT NULL
  WINDOW chain AS (PARTITION BY p.account ORDER BY p.version)) link
WHERE version <> place OR balance_after <> balance_before + amount
  OR hash <> ledger_link(head, digest, account, version, amount, balance_after)

-- check 3 head_differs_from_chain
SELECT a.id, 'version ' || a.version
FROM ledger_account a LEFT JOIN ledger_posting p ON p.account = a.id AND p.version = a.version
WHERE a.chain_head <> COALESCE(p.hash, sha256(uuid_send(a.id))) OR (a.version > 0) <> (p.hash IS NOT NULL)
  OR EXISTS (SELECT 1 FROM ledger_posting later WHERE later.account = a.id AND later.version > a.version)

-- check 3 root_leaf_differs_from_chain
SELECT l.account, 'root of ' || l.on_day
FROM ledger_root_leaf l LEFT JOIN ledger_posting p ON p.account = l.account AND p.version = l.version
WHERE l.head <> COALESCE(p.hash, CASE WHEN l.version = 0 THEN sha256(uuid_send(l.account)) ELSE '' END)

-- check 4 key_used_twice
SELECT e.key, 'entry ' || e.id
FROM ledger_entry e JOIN ledger_command c ON c.key = e.key

-- check 5 below_floor
SELECT id, 'available ' || (posted - held) || ', floor ' || COALESCE(floor::text, 'none') || ', owed ' || owed
FROM ledger_account WHERE owed <> GREATEST(0, floor - (posted - held))

-- check 6 held_differs_from_holds
SELECT a.id, 'held ' || a.held || ', holds ' || COALESCE(sum(h.amount), 0)
FROM ledger_account a LEFT JOIN ledger_hold h ON h.account = a.id AND h.state = 'held'
GROUP BY a.id HAVING a.held <> COALESCE(sum(h.amount), 0)

-- check 7 reversal_is_no_mirror
SELECT r.id, 'of entry ' || r.reverses
FROM ledger_entry r WHERE r.reverses IS NOT NULL AND EXISTS (
  SELECT 1 FROM (SELECT * FROM ledger_posting WHERE entry = r.id) m
  FULL JOIN (SELECT * FROM ledger_posting WHERE entry = r.reverses) o ON o.leg = m.leg
  WHERE (m.role, m.account, m.branch, m.amount) IS DISTINCT FROM (o.role, o.account, o.branch, -o.amount))

-- check 8 entry_in_closed_period
SELECT DISTINCT e.id, 'book ' || p.book
FROM ledger_entry e JOIN ledger_posting l ON l.entry = e.id
JOIN ledger_period p ON p.book = l.book AND e.occurred_at >= p.starts_at AND e.occurred_at < p.ends_at
WHERE e.recorded_at > p.recorded_at

-- check 10 closed_not_empty
SELECT id, 'posted ' || posted || ', held ' || held || ', owed ' || owed
FROM ledger_account WHERE state = 'closed' AND (posted <> 0 OR held <> 0 OR owed <> 0)

-- check 11 balance_differs_from_postings
SELECT a.id, 'posted ' || a.posted || ', postings ' || COALESCE(sum(p.amount), 0)
FROM ledger_account a LEFT JOIN ledger_posting p ON p.account = a.id
GROUP BY a.id HAVING a.posted <> COALESCE(sum(p.amount), 0) OR a.version <> count(p.account)

-- check 11 branch_not_mirrored
SELECT branch, unit || ' differs by ' || sum(amount)
FROM ledger_posting WHERE role <> 'account' GROUP BY branch, unit HAVING sum(amount) <> 0

-- check 11 snapshot_differs_from_postings
SELECT s.branch, s.role || ' ' || s.unit || ' to entry ' || s.upto_entry
FROM ledger_snapshot s LEFT JOIN LATERAL (
  SELECT sum(p.amount) AS amount FROM ledger_posting p
  WHERE p.entry <= s.upto_entry AND (p.branch, p.role, p.unit) = (s.branch, s.role, s.unit)) l ON true
WHERE s.amount <> COALESCE(l.amount, 0)

-- check 11 cycle_differs_from_postings
SELECT c.city || ' ' || c.unit || ' ' || c.on_day, l.branch || ' settled ' || COALESCE(p.amount, 0)
FROM ledger_cycle c JOIN ledger_cycle_line l USING (city, unit, on_day) LEFT JOIN LATERAL (
  SELECT sum(amount) AS amount FROM ledger_posting
  WHERE entry = c.entry AND branch = l.branch AND role = 'settled') p ON true
WHERE l.owes - l.is_owed <> COALESCE(p.amount, 0)

-- check 12 supply_differs_from_issuance
SELECT COALESCE(b.city, b.id), a.unit || ' differs by ' || sum(a.posted)
FROM ledger_account a JOIN ledger_book b ON b.id = a.book
GROUP BY COALESCE(b.city, b.id), a.unit HAVING sum(a.posted) <> 0

-- check 12 issued_beyond_authorised
SELECT id, 'issued ' || -posted || ', authorised ' || -floor
FROM ledger_account WHERE kind = 'issuance' AND posted < floor - owed
