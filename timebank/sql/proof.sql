-- The checks of the proof, each headed by its invariant and name. A check returns what breaks it: subject and detail.

-- check 1 entry_unbalanced
SELECT entry, book || ' ' || unit || ' sums to ' || sum(amount)
FROM ledger_posting GROUP BY entry, book, unit HAVING sum(amount) <> 0

-- check 1 entry_without_legs
SELECT e.id, count(p.entry) || ' legs'
FROM ledger_entry e LEFT JOIN ledger_posting p ON p.entry = e.id GROUP BY e.id HAVING count(p.entry) < 2

-- check 1 entry_amount_differs_from_legs
SELECT e.id, 'amount ' || e.amount || ', excess ' || e.excess || ', legs ' || l.moved
FROM ledger_entry e JOIN (
  SELECT entry, COALESCE(sum(amount) FILTER (WHERE role = 'account' AND amount > 0),
                         sum(amount) FILTER (WHERE role = 'settled' AND amount > 0), 0) AS moved
  FROM ledger_posting GROUP BY entry) l ON l.entry = e.id
WHERE e.amount + e.excess <> l.moved

-- check 1 posting_in_foreign_book
SELECT p.entry, 'leg ' || p.leg
FROM ledger_posting p LEFT JOIN ledger_account a ON a.id = p.account LEFT JOIN ledger_book b ON b.id = p.branch
WHERE CASE p.role WHEN 'account' THEN a.id IS NULL OR (p.book, p.unit) <> (a.book, a.unit)
                  WHEN 'position' THEN p.book IS DISTINCT FROM b.city
                  ELSE b.kind IS DISTINCT FROM 'branch' END

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

-- check 3 entries_out_of_order
SELECT account, 'version ' || version || ' in entry ' || entry
FROM (SELECT account, version, entry, lag(entry) OVER (PARTITION BY account ORDER BY version) AS before
      FROM ledger_posting WHERE account IS NOT NULL) link
WHERE entry < before

-- check 3 head_differs_from_chain
SELECT a.id, 'version ' || a.version
FROM ledger_account a LEFT JOIN ledger_posting p ON p.account = a.id AND p.version = a.version
WHERE a.chain_head <> COALESCE(p.hash, sha256(uuid_send(a.id))) OR (a.version > 0) <> (p.hash IS NOT NULL)
  OR EXISTS (SELECT 1 FROM ledger_posting later WHERE later.account = a.id AND later.version > a.version)

-- check 3 root_leaf_differs_from_chain
SELECT l.account, 'root of ' || l.on_day
FROM ledger_root_leaf l LEFT JOIN ledger_posting p ON p.account = l.account AND p.version = l.version
LEFT JOIN ledger_account a ON a.id = l.account
WHERE l.head <> COALESCE(p.hash, CASE WHEN l.version = 0 THEN sha256(uuid_send(l.account)) ELSE '' END) OR a.id IS NULL

-- check 3 root_differs_from_leaves
WITH RECURSIVE level AS (
  SELECT on_day, row_number() OVER (PARTITION BY on_day ORDER BY account) AS place,
    count(*) OVER (PARTITION BY on_day) AS width, sha256('\x00'::bytea || uuid_send(account) || int8send(version) || head) AS node
  FROM ledger_root_leaf
  UNION ALL
  SELECT on_day, (place + 1) / 2, (width + 1) / 2, CASE WHEN neighbour IS NULL THEN node ELSE sha256('\x01'::bytea || node || neighbour) END
  FROM (SELECT on_day, place, width, node, lead(node) OVER (PARTITION BY on_day ORDER BY place) AS neighbour
        FROM level WHERE width > 1) pairs
  WHERE place % 2 = 1)
SELECT r.on_day, 'leaves ' || r.leaves
FROM ledger_root r LEFT JOIN level t ON t.on_day = r.on_day AND t.width = 1
WHERE r.root <> COALESCE(t.node, sha256(''::bytea))
  OR r.leaves <> (SELECT count(*) FROM ledger_root_leaf l WHERE l.on_day = r.on_day)

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

-- check 4 command_differs_from_hash
SELECT key, COALESCE(answer::jsonb->>'state', 'no state')
FROM ledger_command
WHERE payload_hash <> sha256(convert_to((answer::jsonb->'command')::text, 'UTF8')) OR answer::jsonb->'command'->>'key' <> key

-- check 5 limits_differ_from_command
SELECT a.id, 'floor ' || COALESCE(a.floor::text, 'none') || ', cap ' || COALESCE(a.cap::text, 'none')
FROM ledger_account a JOIN (
  SELECT DISTINCT ON (said->>'account') said
  FROM (SELECT answer::jsonb->'command' AS said, recorded_at FROM ledger_command) c
  WHERE said->>'type' IN ('open', 'limits') ORDER BY said->>'account', recorded_at DESC) c
  ON (c.said->>'account')::uuid = a.id
WHERE (a.floor::text, a.cap::text) IS DISTINCT FROM (c.said->>'floor', c.said->>'cap')

-- check 10 account_differs_from_command
SELECT c.said->>'account', COALESCE(a.book || ' ' || a.unit || ' ' || a.kind, 'there is no such account')
FROM ledger_account a RIGHT JOIN (
  SELECT answer::jsonb->'command' AS said FROM ledger_command WHERE answer::jsonb->'command'->>'type' = 'open') c
  ON (c.said->>'account')::uuid = a.id
WHERE (a.book, a.unit, a.kind, a.owner)
  IS DISTINCT FROM (c.said->>'book', c.said->>'unit', c.said->>'kind', c.said->>'owner')

-- check 10 state_differs_from_command
SELECT a.id, a.state
FROM ledger_account a JOIN (
  SELECT DISTINCT ON (said->>'account') said
  FROM (SELECT answer::jsonb->'command' AS said, recorded_at FROM ledger_command) c
  WHERE said->>'type' IN ('open', 'close', 'reopen') ORDER BY said->>'account', recorded_at DESC) c
  ON (c.said->>'account')::uuid = a.id
WHERE (a.state = 'closed') <> (c.said->>'type' = 'close')

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

-- check 6 hold_differs_from_command
SELECT COALESCE(h.key, c.key), COALESCE('amount ' || h.amount || ', ' || h.state, 'there is no such hold')
FROM ledger_hold h FULL JOIN (
  SELECT key, answer::jsonb AS said FROM ledger_command WHERE answer::jsonb->>'state' = 'held') c ON c.key = h.key
WHERE h.key IS NULL OR c.key IS NULL OR h.amount <> (c.said->>'amount')::bigint
  OR (c.said ? 'command' AND (h.account::text, h.reference, h.expires_at) IS DISTINCT FROM (c.said->'command'->>'account',
      c.said->'command'->>'reference', (c.said->'command'->>'expires_at')::timestamptz))

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
SELECT branch, role || ' ' || unit || ' to entry ' || entry
FROM (
  SELECT branch, role, unit, entry, said, sum(moved) OVER (PARTITION BY branch, role, unit ORDER BY entry) AS total
  FROM (SELECT branch, role, unit, entry, amount AS moved, NULL::bigint AS said FROM ledger_posting WHERE role <> 'account'
        UNION ALL SELECT branch, role, unit, upto_entry, 0, amount FROM ledger_snapshot) seen) sums
WHERE said <> total

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

-- check 11 cycle_debt_differs_from_postings
SELECT l.night, l.branch || ' debt ' || l.debt || ', cap ' || COALESCE(l.cap::text, 'none') || ', drawn ' || l.drawn
FROM (
  SELECT night, branch, debt, cap, drawn, draw, settlement,
    sum(moved) OVER (PARTITION BY branch, unit ORDER BY entry) AS before
  FROM (SELECT NULL AS night, branch, unit, entry, amount AS moved, NULL::bigint AS debt, NULL::bigint AS cap,
          NULL::bigint AS drawn, NULL::bigint AS draw, NULL::bigint AS settlement
        FROM ledger_posting WHERE role = 'settled'
        UNION ALL
        SELECT concat_ws(':', c.city, c.unit, c.on_day), branch, unit, cut_off, 0, debt, cap, drawn, draw, entry
        FROM ledger_cycle c JOIN ledger_cycle_line USING (city, unit, on_day)) seen) l
LEFT JOIN ledger_posting p ON p.entry = l.settlement AND p.branch = l.branch AND p.role = 'settled'
LEFT JOIN ledger_entry e ON e.id = l.draw
WHERE l.night IS NOT NULL AND (l.debt <> GREATEST(0, l.before + COALESCE(p.amount, 0))
  OR l.drawn <> COALESCE(e.amount, 0) OR l.drawn > GREATEST(0, l.debt - COALESCE(l.cap, l.debt))
  OR e.key <> concat_ws(':', 'cycle', l.night, 'draw', l.branch))

-- check 11 cap_differs_from_command
WITH night AS (
  SELECT c.*, concat_ws(':', 'cycle', city, unit, on_day) AS key, k.payload_hash, k.answer::jsonb->'command'->'caps' AS caps,
    count(k.key) OVER (PARTITION BY city, unit ORDER BY on_day) AS kept
  FROM ledger_cycle c LEFT JOIN ledger_command k ON k.key = concat_ws(':', 'cycle', city, unit, on_day, 'caps'))
SELECT n.key, l.branch || ' cap ' || COALESCE(l.cap::text, 'none')
FROM night n JOIN ledger_cycle_line l USING (city, unit, on_day) LEFT JOIN ledger_entry e ON e.id = l.draw
WHERE n.caps IS NOT NULL AND l.cap::text IS DISTINCT FROM n.caps->>l.branch
  OR e.payload_hash <> COALESCE(n.payload_hash, sha256(convert_to(e.key, 'UTF8')))
UNION ALL
SELECT key, 'its caps are not kept' FROM night WHERE caps IS NULL AND kept > 0
UNION ALL
SELECT k.key, 'there is no such night' FROM ledger_command k
WHERE k.answer::jsonb->'command'->>'type' = 'cycle' AND NOT EXISTS (SELECT FROM night n WHERE k.key = concat_ws(':', n.key, 'caps'))

-- check 11 cycle_partners_differ_from_postings
SELECT COALESCE(said.night, made.night), COALESCE(said.branch, made.branch) || ' and ' || COALESCE(said.partner, made.partner)
FROM (SELECT city || ' ' || unit || ' ' || on_day AS night, branch, partner, owes, is_owed FROM ledger_cycle_partner
      UNION ALL
      SELECT city || ' ' || unit || ' ' || on_day, branch, '*', owes, is_owed FROM ledger_cycle_line) said
FULL JOIN (
  SELECT c.city || ' ' || c.unit || ' ' || c.on_day AS night, p.branch, COALESCE(p.partner, '*') AS partner,
    COALESCE(sum(p.amount) FILTER (WHERE p.amount > 0), 0) AS owes,
    COALESCE(-sum(p.amount) FILTER (WHERE p.amount < 0), 0) AS is_owed
  FROM (SELECT *, lag(cut_off, 1, 0::bigint) OVER (PARTITION BY city, unit ORDER BY on_day) AS before FROM ledger_cycle) c
  JOIN ledger_book b ON b.city = c.city
  JOIN ledger_posting p ON p.branch = b.id AND p.unit = c.unit AND p.role = 'clearing'
    AND p.entry > c.before AND p.entry <= c.cut_off AND p.partner IS NOT NULL
  GROUP BY c.city, c.unit, c.on_day, p.branch, GROUPING SETS ((p.partner), ())) made
USING (night, branch, partner)
WHERE (COALESCE(said.owes, 0), COALESCE(said.is_owed, 0)) <> (COALESCE(made.owes, 0), COALESCE(made.is_owed, 0))

-- check 11 settlement_without_cycle
SELECT e.id, e.key
FROM ledger_entry e
WHERE e.kind IN ('settlement', 'reserve_draw') AND e.key LIKE 'cycle:%'
  AND NOT EXISTS (SELECT FROM ledger_cycle c WHERE c.entry = e.id AND e.key = concat_ws(':', 'cycle', c.city, c.unit, c.on_day))
  AND NOT EXISTS (SELECT FROM ledger_cycle_line l WHERE l.draw = e.id)

-- check 12 supply_differs_from_issuance
SELECT COALESCE(b.city, b.id), a.unit || ' differs by ' || sum(a.posted)
FROM ledger_account a JOIN ledger_book b ON b.id = a.book
GROUP BY COALESCE(b.city, b.id), a.unit HAVING sum(a.posted) <> 0

-- check 12 issued_beyond_authorised
SELECT id, 'issued ' || -posted || ', authorised ' || -floor
FROM ledger_account WHERE kind = 'issuance' AND posted < floor - owed
