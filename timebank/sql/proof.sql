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

-- check 3 relay_chain_broken
SELECT link || ' ' || direction, 'seq ' || seq
FROM (
  SELECT r.link, r.direction, r.seq, r.decided_at, r.head, row_number() OVER chain AS place,
    ledger_relay_contents(r.link, r.id, l.unit, r.amount, r.payer, r.payee, r.expires_at) AS contents,
    lag(r.head, 1, CASE r.direction WHEN 'out' THEN ledger_relay_root(l.id, l.unit, l.our_name, l.their_name)
                   ELSE ledger_relay_root(l.id, l.unit, l.their_name, l.our_name) END) OVER chain AS before
  FROM ledger_relay r JOIN ledger_link l ON l.id = r.link WHERE r.seq IS NOT NULL
  WINDOW chain AS (PARTITION BY r.link, r.direction ORDER BY r.seq)) relay
WHERE seq <> place OR head <> ledger_relay_chain(before, contents, seq, decided_at)

-- check 3 link_head_differs_from_relays
SELECT l.id, 'sent ' || l.sent_height || ', received ' || l.received_height
FROM ledger_link l LEFT JOIN ledger_relay s ON (s.link, s.direction, s.seq) = (l.id, 'out', l.sent_height)
LEFT JOIN ledger_relay r ON (r.link, r.direction, r.seq) = (l.id, 'in', l.received_height)
WHERE l.sent_head <> COALESCE(s.head, ledger_relay_root(l.id, l.unit, l.our_name, l.their_name))
  OR l.received_head <> COALESCE(r.head, ledger_relay_root(l.id, l.unit, l.their_name, l.our_name))
  OR (l.sent_height, l.received_height) <> (SELECT count(*) FILTER (WHERE direction = 'out'), count(*) FILTER (WHERE direction = 'in')
      FROM ledger_relay WHERE link = l.id AND state = 'committed')

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

-- check 6 relay_without_its_hold
SELECT r.link || ' ' || r.id, r.direction || ' ' || r.state || ', hold ' || COALESCE(h.state, 'missing')
FROM ledger_relay r JOIN ledger_link l ON l.id = r.link LEFT JOIN ledger_hold h ON h.key = ledger_relay_key(r.link, r.id, 'hold')
WHERE h.key IS NULL OR h.amount <> r.amount OR h.account <> CASE r.direction WHEN 'out' THEN r.account ELSE l.mirror END
  OR h.state <> CASE r.state WHEN 'prepared' THEN 'held' WHEN 'committed' THEN 'captured' ELSE 'released' END

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

-- check 11 link_differs_from_relays
SELECT l.id, 'mirror ' || a.posted || ', balance ' || l.balance || ', relays ' || r.moved || ', leaving ' || l.leaving || ' of ' || r.leaving
FROM ledger_link l JOIN ledger_account a ON a.id = l.mirror CROSS JOIN LATERAL (
  SELECT COALESCE(sum(CASE direction WHEN 'out' THEN amount ELSE -amount END) FILTER (WHERE state = 'committed'), 0) AS moved,
    COALESCE(sum(amount) FILTER (WHERE state = 'prepared' AND direction = 'out'), 0) AS leaving
  FROM ledger_relay WHERE link = l.id) r
WHERE a.posted <> l.balance OR l.balance <> r.moved OR l.leaving <> r.leaving

-- check 11 relay_differs_from_entry
SELECT r.link || ' ' || r.id, r.amount || ', entry ' || r.entry || ' moves the mirror by ' || COALESCE(p.amount, 0)
FROM ledger_relay r JOIN ledger_link l ON l.id = r.link LEFT JOIN LATERAL (
  SELECT sum(amount) AS amount FROM ledger_posting WHERE entry = r.entry AND account = l.mirror) p ON true
WHERE r.state = 'committed' AND COALESCE(p.amount, 0) <> CASE r.direction WHEN 'out' THEN r.amount ELSE -r.amount END

-- check 12 supply_differs_from_issuance
SELECT COALESCE(b.city, b.id), a.unit || ' differs by ' || sum(a.posted)
FROM ledger_account a JOIN ledger_book b ON b.id = a.book
GROUP BY COALESCE(b.city, b.id), a.unit HAVING sum(a.posted) <> 0

-- check 12 issued_beyond_authorised
SELECT id, 'issued ' || -posted || ', authorised ' || -floor
FROM ledger_account WHERE kind = 'issuance' AND posted < floor - owed
