-- The whole ledger as JSON lines, in one statement so that all lines show one moment.
SELECT line::text FROM (
  SELECT 0 AS part, ''::text AS place, 0::bigint AS number,
    jsonb_build_object('type', 'ledger', 'format', 1) AS line
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
    'occurred_at', (extract(epoch FROM e.occurred_at) * 1000000)::bigint, 'recorded_at', (extract(epoch FROM e.recorded_at) * 1000000)::bigint, 'reverses', r.key,
    'digest', encode(e.digest, 'hex'), 'legs', COALESCE(l.legs, '[]'))
  FROM ledger_entry e LEFT JOIN ledger_entry r ON r.id = e.reverses
  LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('role', role, 'account', account, 'book', book, 'unit', unit,
      'branch', branch, 'partner', partner, 'amount', amount, 'version', version, 'balance_after', balance_after,
      'hash', encode(hash, 'hex')) ORDER BY leg) AS legs
    FROM ledger_posting WHERE entry = e.id) l ON true
  UNION ALL
  SELECT 4, key, 0, jsonb_build_object('type', 'hold', 'key', key, 'account', account, 'amount', amount,
    'captured', captured, 'expires_at', (extract(epoch FROM expires_at) * 1000000)::bigint, 'state', state)
  FROM ledger_hold
  UNION ALL
  SELECT 5, r.on_day::text, 0, jsonb_build_object('type', 'root', 'on_day', r.on_day, 'root', encode(r.root, 'hex'),
    'leaves', (SELECT jsonb_agg(jsonb_build_array(account, version, encode(head, 'hex')) ORDER BY account)
               FROM ledger_root_leaf l WHERE l.on_day = r.on_day))
  FROM ledger_root r
) lines ORDER BY part, place, number
