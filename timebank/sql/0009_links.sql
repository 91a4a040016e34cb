-- Links to outside banks: a mirror account per link, and relays in two phases. The payer's side decides; the payee's side
-- holds room on its mirror until it is told. Locks: the link's row first, then the ledger's own (gate, accounts, holds).

-- An instant as commands carry it.
CREATE FUNCTION ledger_instant(p_at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
$$;
-- next
-- What a relay says, the same 32 bytes on both sides.
CREATE FUNCTION ledger_relay_contents(p_link uuid, p_relay uuid, p_unit text, p_amount bigint, p_payer text,
  p_payee text, p_expires_at timestamptz) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to(
    ledger_field(p_link::text) || ledger_field(p_relay::text) || ledger_field(p_unit) || ledger_field(p_amount::text)
    || ledger_field(p_payer) || ledger_field(p_payee)
    || ledger_field((extract(epoch FROM p_expires_at) * 1000000)::bigint::text), 'UTF8'))
$$;
-- next
-- The beginning of the chain of one direction (a reader needs it to compare), and the chain's next link.
CREATE FUNCTION ledger_relay_root(p_link uuid, p_unit text, p_payer_bank text, p_payee_bank text) RETURNS bytea
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT sha256(convert_to(ledger_field(p_link::text) || ledger_field(p_unit) || ledger_field(p_payer_bank)
    || ledger_field(p_payee_bank), 'UTF8'))
$$;
-- next
CREATE FUNCTION ledger_relay_chain(p_head bytea, p_contents bytea, p_seq bigint, p_decided_at timestamptz) RETURNS bytea
LANGUAGE sql STABLE AS $$
  SELECT sha256(p_head || p_contents || int8send(p_seq) || int8send((extract(epoch FROM p_decided_at) * 1000000)::bigint))
$$;
-- next
CREATE FUNCTION ledger_relay_key(p_link uuid, p_relay uuid, p_what text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT concat_ws(':', 'relay', p_link, p_relay, p_what)
$$;
-- next
-- The link with its row locked: whoever moves a relay of it waits here.
CREATE FUNCTION ledger_link_for(p_link uuid) RETURNS ledger_link LANGUAGE plpgsql AS $$
DECLARE l ledger_link;
BEGIN
  SELECT * INTO l FROM ledger_link WHERE id = p_link FOR NO KEY UPDATE;
  IF NOT FOUND THEN PERFORM ledger_refuse('LZ101', 'unknown_link', jsonb_build_object('link', p_link)); END IF;
  RETURN l;
END $$;
-- next
CREATE FUNCTION ledger_relay_for(p_link uuid, p_relay uuid, p_direction text) RETURNS ledger_relay LANGUAGE plpgsql AS $$
DECLARE r ledger_relay;
BEGIN
  SELECT * INTO r FROM ledger_relay WHERE link = p_link AND id = p_relay AND direction = p_direction;
  IF NOT FOUND THEN
    PERFORM ledger_refuse('LZ106', 'unknown_relay', jsonb_build_object('link', p_link, 'relay', p_relay));
  END IF;
  RETURN r;
END $$;
-- next
-- Makes the link usable; its two accounts were opened just before in the same transaction.
CREATE FUNCTION ledger_open_link(p_link uuid, p_mirror uuid, p_unclaimed uuid, p_our_name text, p_their_name text,
  p_now timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m ledger_account;
BEGIN
  SELECT * INTO m FROM ledger_account WHERE id = p_mirror AND kind = 'link';
  IF m.id IS NULL OR NOT EXISTS (SELECT FROM ledger_book WHERE id = m.book AND kind = 'city') THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command', jsonb_build_object('field', 'book', 'reason', 'a link belongs to a city''s book'));
  END IF;
  INSERT INTO ledger_link (id, book, unit, mirror, unclaimed, our_name, their_name, sent_head, received_head, opened_at)
  VALUES (p_link, m.book, m.unit, p_mirror, p_unclaimed, p_our_name, p_their_name,
    ledger_relay_root(p_link, m.unit, p_our_name, p_their_name),
    ledger_relay_root(p_link, m.unit, p_their_name, p_our_name), p_now)
  ON CONFLICT DO NOTHING;
  IF FOUND THEN RETURN true; END IF;
  IF NOT EXISTS (SELECT FROM ledger_link WHERE (id, mirror, our_name, their_name) = (p_link, p_mirror, p_our_name, p_their_name)) THEN
    PERFORM ledger_refuse('LZ111', 'link_exists', jsonb_build_object('link', p_link, 'partner', p_their_name));
  END IF;
  RETURN false;
END $$;
-- next
-- What the partner says it lets us owe. A lower one leaves what stands and is under way, and admits nothing more.
CREATE FUNCTION ledger_hear_limit(p_link uuid, p_limit bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM ledger_link_for(p_link);
  UPDATE ledger_link SET their_limit = p_limit WHERE id = p_link;
END $$;
-- next
-- Opens a suspended link, suspends an open one (new relays only), or closes one that is empty for good.
CREATE FUNCTION ledger_turn_link(p_link uuid, p_state text, p_reason text, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE l ledger_link := ledger_link_for(p_link); flying bigint;
BEGIN
  IF l.state = 'closed' AND p_state <> 'closed' THEN
    PERFORM ledger_refuse('LZ102', 'link_suspended', jsonb_build_object('link', l.id, 'state', l.state));
  END IF;
  IF p_state = 'closed' AND l.state <> 'closed' THEN
    SELECT count(*) INTO flying FROM ledger_relay WHERE link = l.id AND confirmed_at IS NULL;
    IF flying > 0 OR l.balance <> 0 THEN
      PERFORM ledger_refuse('LZ112', 'link_not_empty',
        jsonb_build_object('link', l.id, 'balance', l.balance, 'in_flight', flying));
    END IF;
    PERFORM ledger_apply(jsonb_build_array(
      jsonb_build_object('type', 'close', 'key', concat_ws(':', 'link', l.id, 'mirror', 'close'), 'account', l.mirror),
      jsonb_build_object('type', 'close', 'key', concat_ws(':', 'link', l.id, 'unclaimed', 'close'), 'account', l.unclaimed)), p_now);
  END IF;
  UPDATE ledger_link SET state = p_state, reason = p_reason WHERE id = l.id;
END $$;
-- next
-- What both first phases ask. True: this relay is known with the same contents, nothing is to be done.
CREATE FUNCTION ledger_relay_known(l ledger_link, p_relay uuid, p_direction text, p_account uuid, p_contents bytea,
  p_expires_at timestamptz, p_payer text, p_payee text, p_now timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE r ledger_relay; a record; facts jsonb := jsonb_build_object('link', l.id, 'relay', p_relay);
  v_payer_bank text := CASE p_direction WHEN 'out' THEN l.our_name ELSE l.their_name END;
  v_payee_bank text := CASE p_direction WHEN 'out' THEN l.their_name ELSE l.our_name END;
BEGIN
  SELECT * INTO r FROM ledger_relay WHERE link = l.id AND id = p_relay;
  IF FOUND THEN
    IF r.direction <> p_direction OR r.contents <> p_contents THEN PERFORM ledger_refuse('LZ105', 'relay_conflict', facts); END IF;
    RETURN true;
  END IF;
  IF l.state <> 'open' THEN
    PERFORM ledger_refuse('LZ102', 'link_suspended', facts || jsonb_build_object('state', l.state));
  ELSIF p_expires_at <= p_now THEN
    PERFORM ledger_refuse('LZ104', 'relay_expired', facts || jsonb_build_object('expires_at', p_expires_at));
  ELSIF NOT starts_with(p_payer, v_payer_bank || '/') OR NOT starts_with(p_payee, v_payee_bank || '/') THEN
    PERFORM ledger_refuse('LZ018', 'invalid_command', facts || jsonb_build_object('field', 'payee', 'reason',
      'the payer''s address begins with the paying bank''s name, the payee''s with the other'));
  END IF;
  -- without locks: a book, a unit and a kind never change, and the gate must be taken before any account
  SELECT c.unit, c.kind, COALESCE(b.city, b.id) AS city INTO a FROM ledger_account c JOIN ledger_book b ON b.id = c.book WHERE c.id = p_account;
  IF a.unit IS NULL OR a.kind = 'link' THEN
    PERFORM ledger_refuse('LZ005', 'unknown_account', facts || jsonb_build_object('account', p_account));
  ELSIF a.unit <> l.unit THEN
    PERFORM ledger_refuse('LZ007', 'unit_mismatch', facts || jsonb_build_object('source', p_account, 'destination', l.mirror));
  ELSIF a.city <> l.book THEN
    PERFORM ledger_refuse('LZ016', 'books_not_connected', facts || jsonb_build_object('account', p_account));
  END IF;
  RETURN false;
END $$;
-- next
-- Sets an amount aside for a relay. The relay alone says when it is over, so the hold has no end of its own.
CREATE FUNCTION ledger_relay_hold(p_link uuid, p_relay uuid, p_account uuid, p_amount bigint, p_now timestamptz) RETURNS void
LANGUAGE sql AS $$
  SELECT ledger_apply(jsonb_build_array(jsonb_build_object('type', 'hold', 'key', ledger_relay_key(p_link, p_relay, 'hold'),
    'account', p_account, 'amount', p_amount, 'expires_at', '9999-12-31T00:00:00+00:00',
    'reference', ledger_relay_key(p_link, p_relay, NULL))), p_now)
$$;
-- next
CREATE FUNCTION ledger_relay_capture(p_link uuid, p_relay uuid, p_destination uuid, p_excess_to uuid, p_now timestamptz)
RETURNS bigint LANGUAGE sql AS $$
  SELECT (ledger_apply(jsonb_build_array(jsonb_build_object('type', 'capture', 'key', ledger_relay_key(p_link, p_relay, 'commit'),
    'hold_key', ledger_relay_key(p_link, p_relay, 'hold'), 'destination', p_destination, 'excess_to', p_excess_to,
    'amount', NULL, 'occurred_at', ledger_instant(p_now), 'kind', 'relay',
    'reference', ledger_relay_key(p_link, p_relay, NULL))), p_now)->0->>'entry_id')::bigint
$$;
-- next
-- First phase at the payer's side: the payer's minutes are held, and room under the partner's limit is taken.
CREATE FUNCTION ledger_prepare_out(p_link uuid, p_relay uuid, p_account uuid, p_amount bigint, p_payer text, p_payee text,
  p_expires_at timestamptz, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE l ledger_link := ledger_link_for(p_link);
  v_contents bytea := ledger_relay_contents(p_link, p_relay, l.unit, p_amount, p_payer, p_payee, p_expires_at);
BEGIN
  IF ledger_relay_known(l, p_relay, 'out', p_account, v_contents, p_expires_at, p_payer, p_payee, p_now) THEN RETURN false; END IF;
  UPDATE ledger_link SET leaving = leaving + p_amount WHERE id = l.id;
  PERFORM ledger_relay_hold(l.id, p_relay, p_account, p_amount, p_now);
  INSERT INTO ledger_relay (link, id, direction, account, amount, payer, payee, expires_at, contents, prepared_at)
    VALUES (l.id, p_relay, 'out', p_account, p_amount, p_payer, p_payee, p_expires_at, v_contents, p_now);
  RETURN true;
END $$;
-- next
-- First phase at the payee's side: room on the mirror is held, so that its floor, our limit, counts what is under way.
CREATE FUNCTION ledger_prepare_in(p_link uuid, p_relay uuid, p_account uuid, p_excess_to uuid, p_unit text, p_amount bigint,
  p_payer text, p_payee text, p_expires_at timestamptz, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE l ledger_link := ledger_link_for(p_link); v_detail text;
  v_contents bytea := ledger_relay_contents(p_link, p_relay, p_unit, p_amount, p_payer, p_payee, p_expires_at);
BEGIN
  IF ledger_relay_known(l, p_relay, 'in', p_account, v_contents, p_expires_at, p_payer, p_payee, p_now) THEN RETURN false; END IF;
  IF p_unit <> l.unit THEN
    PERFORM ledger_refuse('LZ007', 'unit_mismatch', jsonb_build_object('link', l.id, 'relay', p_relay, 'unit', p_unit));
  END IF;
  BEGIN
    PERFORM ledger_relay_hold(l.id, p_relay, l.mirror, p_amount, p_now);
  EXCEPTION WHEN SQLSTATE 'LZ001' THEN
    GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
    PERFORM ledger_refuse('LZ103', 'limit_reached', jsonb_build_object('link', l.id, 'whose', 'ours',
      'room', v_detail::jsonb->'available', 'amount', p_amount));
  END;
  INSERT INTO ledger_relay (link, id, direction, account, excess_to, amount, payer, payee, expires_at, contents, prepared_at)
    VALUES (l.id, p_relay, 'in', p_account, p_excess_to, p_amount, p_payer, p_payee, p_expires_at, v_contents, p_now);
  RETURN true;
END $$;
-- next
-- The point of no return: the payer's side decides, pays its mirror and puts the relay on the chain, in one transaction.
CREATE FUNCTION ledger_commit_out(p_link uuid, p_relay uuid, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE l ledger_link := ledger_link_for(p_link); r ledger_relay := ledger_relay_for(p_link, p_relay, 'out');
  v_head bytea := ledger_relay_chain(l.sent_head, r.contents, l.sent_height + 1, p_now);
  facts jsonb := jsonb_build_object('link', l.id, 'relay', r.id, 'state', r.state);
BEGIN
  IF r.state = 'committed' THEN RETURN false;
  ELSIF r.state <> 'prepared' THEN PERFORM ledger_refuse('LZ107', 'relay_ended', facts);
  ELSIF p_now >= r.expires_at THEN
    PERFORM ledger_refuse('LZ104', 'relay_expired', facts || jsonb_build_object('expires_at', r.expires_at));
  ELSIF l.state <> 'open' THEN
    PERFORM ledger_refuse('LZ102', 'link_suspended', jsonb_build_object('link', l.id, 'state', l.state));
  END IF;
  UPDATE ledger_link SET balance = balance + r.amount, leaving = leaving - r.amount, sent_height = sent_height + 1,
    sent_head = v_head WHERE id = l.id;
  UPDATE ledger_relay SET state = 'committed', seq = l.sent_height + 1, decided_at = p_now, head = v_head, ended_at = p_now,
    entry = ledger_relay_capture(l.id, r.id, l.mirror, NULL, p_now) WHERE link = l.id AND id = r.id;
  RETURN true;
END $$;
-- next
-- The payee's side does as was decided, at any time later, in the payer's order. It cannot fail for what became of the
-- payee meanwhile: a closed account's minutes go to the link's unclaimed account, what a cap refuses to excess_to.
CREATE FUNCTION ledger_commit_in(p_link uuid, p_relay uuid, p_contents bytea, p_seq bigint, p_decided_at timestamptz,
  p_head bytea, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE l ledger_link := ledger_link_for(p_link); r ledger_relay := ledger_relay_for(p_link, p_relay, 'in');
  v_head bytea := ledger_relay_chain(l.received_head, r.contents, p_seq, p_decided_at); v_to uuid; v_excess uuid;
  facts jsonb := jsonb_build_object('link', l.id, 'relay', r.id, 'state', r.state, 'height', l.received_height, 'seq', p_seq);
BEGIN
  IF r.contents <> p_contents THEN PERFORM ledger_refuse('LZ105', 'relay_conflict', facts); END IF;
  IF r.state = 'committed' AND (r.seq, r.decided_at, r.head) = (p_seq, p_decided_at, p_head) THEN RETURN false;
  ELSIF r.state <> 'prepared' THEN PERFORM ledger_refuse('LZ107', 'relay_ended', facts);
  ELSIF p_seq > l.received_height + 1 THEN PERFORM ledger_refuse('LZ108', 'relay_out_of_order', facts);
  ELSIF p_seq <> l.received_height + 1 OR v_head <> p_head THEN PERFORM ledger_refuse('LZ109', 'chain_diverged', facts);
  END IF;
  UPDATE ledger_link SET balance = balance - r.amount, received_height = p_seq, received_head = v_head WHERE id = l.id;
  PERFORM ledger_lock(jsonb_build_array(jsonb_build_object('account', r.account, 'destination', l.unclaimed,
    'excess_to', r.excess_to, 'hold_key', ledger_relay_key(l.id, r.id, 'hold'))));
  SELECT id INTO v_to FROM ledger_account WHERE id = r.account AND state = 'open';
  SELECT id INTO v_excess FROM ledger_account WHERE id = r.excess_to AND state = 'open' AND cap IS NULL;
  UPDATE ledger_relay SET state = 'committed', seq = p_seq, decided_at = p_decided_at, head = v_head, ended_at = p_now,
    confirmed_at = p_now, entry = ledger_relay_capture(l.id, r.id, COALESCE(v_to, l.unclaimed),
      COALESCE(v_excess, l.unclaimed), p_now) WHERE link = l.id AND id = r.id;
  RETURN true;
END $$;
-- next
-- Ends a relay that was not committed: aborted or expired. p_confirmed: the partner is known to hold nothing for it.
CREATE FUNCTION ledger_end_relay(p_link uuid, p_relay uuid, p_direction text, p_state text, p_reason text,
  p_confirmed boolean, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE l ledger_link := ledger_link_for(p_link); r ledger_relay := ledger_relay_for(p_link, p_relay, p_direction);
BEGIN
  IF r.state = 'committed' THEN
    PERFORM ledger_refuse('LZ107', 'relay_ended', jsonb_build_object('link', l.id, 'relay', r.id, 'state', r.state));
  ELSIF r.state <> 'prepared' THEN RETURN false;
  END IF;
  IF r.direction = 'out' THEN UPDATE ledger_link SET leaving = leaving - r.amount WHERE id = l.id; END IF;
  PERFORM ledger_apply(jsonb_build_array(jsonb_build_object('type', 'release', 'key', ledger_relay_key(l.id, r.id, 'release'),
    'hold_key', ledger_relay_key(l.id, r.id, 'hold'))), p_now);
  UPDATE ledger_relay SET state = p_state, reason = p_reason, ended_at = p_now,
    confirmed_at = CASE WHEN p_confirmed OR r.direction = 'in' THEN p_now END WHERE link = l.id AND id = r.id;
  RETURN true;
END $$;
-- next
-- The partner has answered that it knows the end of an outgoing relay: it is no longer in flight.
CREATE FUNCTION ledger_confirm_relay(p_link uuid, p_relay uuid, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r ledger_relay;
BEGIN
  PERFORM ledger_link_for(p_link);
  r := ledger_relay_for(p_link, p_relay, 'out');
  IF r.state = 'prepared' OR r.confirmed_at IS NOT NULL THEN RETURN false; END IF;
  UPDATE ledger_relay SET confirmed_at = p_now WHERE link = p_link AND id = p_relay;
  RETURN true;
END $$;
-- next
-- Guards. What we owe and what is leaving may never grow beyond the partner's limit.
CREATE FUNCTION ledger_refuse_debt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ledger_refuse('LZ103', 'limit_reached', jsonb_build_object('link', NEW.id, 'whose', 'theirs',
    'room', GREATEST(0, NEW.their_limit - OLD.balance - OLD.leaving), 'amount', NEW.balance + NEW.leaving - OLD.balance - OLD.leaving));
  RETURN NULL;
END $$;
-- next
CREATE TRIGGER ledger_link_limit BEFORE UPDATE ON ledger_link FOR EACH ROW
  WHEN (NEW.balance + NEW.leaving > OLD.balance + OLD.leaving AND NEW.balance + NEW.leaving > NEW.their_limit)
  EXECUTE FUNCTION ledger_refuse_debt();
-- next
CREATE TRIGGER ledger_link_identity BEFORE UPDATE ON ledger_link FOR EACH ROW
  WHEN ((NEW.id, NEW.book, NEW.unit, NEW.mirror, NEW.unclaimed, NEW.our_name, NEW.their_name, NEW.opened_at)
          IS DISTINCT FROM (OLD.id, OLD.book, OLD.unit, OLD.mirror, OLD.unclaimed, OLD.our_name, OLD.their_name, OLD.opened_at)
        OR NEW.sent_height NOT IN (OLD.sent_height, OLD.sent_height + 1)
        OR NEW.received_height NOT IN (OLD.received_height, OLD.received_height + 1)
        OR (NEW.sent_height <> OLD.sent_height) <> (NEW.sent_head <> OLD.sent_head)
        OR (NEW.received_height <> OLD.received_height) <> (NEW.received_head <> OLD.received_head)
        OR (OLD.state = 'closed' AND NEW.state <> 'closed'))
  EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_kept BEFORE DELETE OR TRUNCATE ON ledger_link FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_kept BEFORE DELETE OR TRUNCATE ON ledger_relay FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
-- A relay ends once, is confirmed once, and nothing else of it changes.
CREATE TRIGGER ledger_relay_once BEFORE UPDATE ON ledger_relay FOR EACH ROW
  WHEN ((NEW.link, NEW.id, NEW.direction, NEW.account, NEW.excess_to, NEW.amount, NEW.payer, NEW.payee, NEW.expires_at,
         NEW.contents, NEW.prepared_at) IS DISTINCT FROM (OLD.link, OLD.id, OLD.direction, OLD.account, OLD.excess_to,
         OLD.amount, OLD.payer, OLD.payee, OLD.expires_at, OLD.contents, OLD.prepared_at)
        OR (OLD.state <> 'prepared' AND (NEW.state, NEW.reason, NEW.seq, NEW.decided_at, NEW.head, NEW.entry, NEW.ended_at)
            IS DISTINCT FROM (OLD.state, OLD.reason, OLD.seq, OLD.decided_at, OLD.head, OLD.entry, OLD.ended_at))
        OR OLD.confirmed_at IS NOT NULL)
  EXECUTE FUNCTION ledger_deny();
-- next
-- A mirror moves with a relay of its link only: no post and no reversal could be told to the partner. Leg by leg (a cap's
-- excess is a leg of its own) it comes nearer to the balance that the relay has given its link, and never passes it.
CREATE FUNCTION ledger_check_mirror() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_balance bigint := (SELECT balance FROM ledger_link WHERE mirror = NEW.id);
BEGIN
  IF v_balance IS NULL OR NEW.posted NOT BETWEEN LEAST(OLD.posted, v_balance) AND GREATEST(OLD.posted, v_balance) THEN
    PERFORM ledger_refuse('LZ110', 'mirror_locked', jsonb_build_object('account', NEW.id));
  END IF;
  RETURN NEW;
END $$;
-- next
CREATE TRIGGER ledger_mirror_moves BEFORE UPDATE ON ledger_account FOR EACH ROW
  WHEN (NEW.kind = 'link' AND NEW.posted <> OLD.posted) EXECUTE FUNCTION ledger_check_mirror();
-- next
DO $$
DECLARE f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p
    WHERE p.proname LIKE 'ledger\_%' AND p.pronamespace = current_schema()::regnamespace LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;
