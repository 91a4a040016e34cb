-- The whole ledger as JSON lines, in one statement so that all lines show one moment. The order is the same everywhere:
-- by part, then by the bytes of the place, then by number. The last line says how many there are.
WITH lines AS (
  SELECT 0 AS part, ''::text AS place, 0::bigint AS number,
    jsonb_build_object('type', 'ledger', 'format', 2) AS line
  UNION ALL
  SELECT 1, id, 0, jsonb_build_object('type', 'book', 'id', id, 'kind', kind, 'city', city, 'state', state)
  FROM ledger_book
  UNION ALL
  SELECT 2, id::text, 0, jsonb_build_object('type', 'account', 'id', id, 'book', book, 'unit', unit, 'kind', kind,
    'owner', owner, 'floor', floor, 'cap', cap, 'posted', posted, 'held', held, 'owed', owed, 'version', version,
    'chain_head', encode(chain_head, 'hex'), 'state', state)
  FROM ledger_account
  UNION ALL
  SELECT 3, '', e.id, jsonb_build_object('type', 'entry', 'id', e.id, 'key', e.key,
    'payload_hash', encode(e.payload_hash, 'hex'), 'kind', e.kind, 'reference', e.reference,
    'occurred_at', (extract(epoch FROM e.occurred_at) * 1000000)::bigint,
    'recorded_at', (extract(epoch FROM e.recorded_at) * 1000000)::bigint, 'reverses', r.key,
    'amount', e.amount, 'excess', e.excess, 'digest', encode(e.digest, 'hex'), 'legs', COALESCE(l.legs, '[]'))
  FROM ledger_entry e LEFT JOIN ledger_entry r ON r.id = e.reverses
  LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('role', role, 'account', account, 'book', book, 'unit', unit,
      'branch', branch, 'partner', partner, 'amount', amount, 'version', version, 'balance_after', balance_after,
      'hash', encode(hash, 'hex')) ORDER BY leg) AS legs
    FROM ledger_posting WHERE entry = e.id) l ON true
  UNION ALL
  -- `said` is the command's text, whose hash is the payload's; null where it was not kept
  SELECT 4, key, 0, jsonb_build_object('type', 'command', 'key', key, 'payload_hash', encode(payload_hash, 'hex'),
    'state', answer::jsonb->>'state', 'amount', answer::jsonb->'amount', 'said', (answer::jsonb->'command')::text,
    'recorded_at', (extract(epoch FROM recorded_at) * 1000000)::bigint)
  FROM ledger_command
  UNION ALL
  SELECT 5, key, 0, jsonb_build_object('type', 'hold', 'key', key, 'account', account, 'amount', amount,
    'captured', captured, 'reference', reference, 'state', state, 'expires_at', CASE WHEN isfinite(expires_at)
      THEN to_jsonb((extract(epoch FROM expires_at) * 1000000)::bigint) ELSE to_jsonb(expires_at::text) END)
  FROM ledger_hold
  UNION ALL
  SELECT 6, book, starts, jsonb_build_object('type', 'period', 'book', book, 'starts_at', starts, 'ends_at', ends,
    'recorded_at', (extract(epoch FROM recorded_at) * 1000000)::bigint)
  FROM (SELECT book, recorded_at,  -- a period may begin before all time
          CASE WHEN isfinite(starts_at) THEN (extract(epoch FROM starts_at) * 1000000)::bigint
               ELSE -9223372036854775808 END AS starts,
          CASE WHEN isfinite(ends_at) THEN (extract(epoch FROM ends_at) * 1000000)::bigint
               ELSE 9223372036854775807 END AS ends
        FROM ledger_period) period
  UNION ALL
  SELECT 7, concat_ws(' ', branch, role, unit), upto_entry, jsonb_build_object('type', 'snapshot', 'branch', branch,
    'role', role, 'unit', unit, 'upto_entry', upto_entry, 'amount', amount)
  FROM ledger_snapshot
  UNION ALL
  SELECT 8, concat_ws(' ', city, unit, on_day), 0, jsonb_build_object('type', 'cycle', 'city', city, 'unit', unit,
    'on_day', on_day, 'cut_off', cut_off, 'entry', entry, 'lines', COALESCE((
      SELECT jsonb_agg(jsonb_build_object('branch', branch, 'owes', owes, 'is_owed', is_owed, 'debt', debt, 'cap', cap,
        'drawn', drawn, 'draw', draw, 'partners', COALESCE((
          SELECT jsonb_agg(jsonb_build_array(partner, owes, is_owed) ORDER BY partner COLLATE "C")
          FROM ledger_cycle_partner p
          WHERE (p.city, p.unit, p.on_day, p.branch) = (l.city, l.unit, l.on_day, l.branch)), '[]'))
        ORDER BY branch COLLATE "C")
      FROM ledger_cycle_line l WHERE (l.city, l.unit, l.on_day) = (c.city, c.unit, c.on_day)), '[]'))
  FROM ledger_cycle c
  UNION ALL
  SELECT 9, r.on_day::text, 0, jsonb_build_object('type', 'root', 'on_day', r.on_day, 'root', encode(r.root, 'hex'),
    'leaves', COALESCE((
      SELECT jsonb_agg(jsonb_build_array(account, version, encode(head, 'hex')) ORDER BY account)
      FROM ledger_root_leaf l WHERE l.on_day = r.on_day), '[]'))
  FROM ledger_root r)
SELECT line::text FROM (
  SELECT * FROM lines UNION ALL
  SELECT 10, '', 0, jsonb_build_object('type', 'end', 'lines', count(*)) FROM lines) every_line
ORDER BY part, place COLLATE "C", number
