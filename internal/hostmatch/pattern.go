package hostmatch

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Pattern matches hosts.
type Pattern struct {
	kind   kind
	name   string       // exact: the name; suffix: the end of the name, with its dot; topics: the topic or its beginning
	prefix netip.Prefix // the network; a single address is a network of full length
	port   uint16       // 0: any
}

// kind orders patterns, the most specific first.
type kind uint8

const (
	exact kind = iota
	network
	suffix
	oneTopic
	topics
	singleLabel
	internal
	anyHost
)

// The patterns that match a class of hosts.
const (
	SingleLabel = "<single-label>" // names without a dot
	Internal    = "<internal>"     // hosts that the caller of Match or Find calls internal
)

// ParsePattern parses a pattern:
//
//	api.example.com       that host
//	*.example.com         all hosts below example.com at any depth, but not example.com itself
//	10.0.0.0/8, fd00::/8  the addresses of a network
//	10.1.2.3, [fd00::1]   an address
//	<single-label>        names without a dot
//	<internal>            hosts of the service's own network
//	*                     all hosts, topics and queues
//	kafka:orders.created  a topic or a queue: a word for the system, a colon and the name
//	kafka:orders.*        topics that begin so; kafka:* matches all topics of the system
//
// A pattern for hosts may end in ":" and a port. It then matches calls to that port only. An IPv6 network with a port
// is in brackets, and any address may be. Names may be in any case and script, with or without a dot at their end.
func ParsePattern(s string) (Pattern, error) {
	switch {
	case s == "":
		return Pattern{}, errors.New("is empty")
	case strings.Contains(s, "://"):
		return Pattern{}, errors.New("has a scheme: a pattern is a host, and perhaps a port")
	case strings.Contains(s, "@"):
		return Pattern{}, errors.New("has a user: a pattern is a host, and perhaps a port")
	case strings.Contains(s, "%"):
		return Pattern{}, errors.New("has a %: a pattern cannot match the zone of an address")
	case strings.HasSuffix(s, ":") && !strings.HasSuffix(s, "::"):
		return Pattern{}, errors.New("has a colon and no port")
	}
	if prefix, err := parsePrefix(s); err == nil {
		return networkOf(prefix, "")
	}
	if below, wild := strings.CutSuffix(s, "*"); !strings.Contains(below, "*") {
		if topic, ok := parseTopic(below, wild); ok {
			p := Pattern{kind: oneTopic, name: topic}
			if wild {
				p.kind = topics
			}
			return p, nil
		}
	}
	if strings.HasPrefix(s, "[") {
		inside, port, ok := split(s)
		prefix, err := parsePrefix(strings.TrimSuffix(inside[min(1, len(inside)):], "]"))
		if !ok || err != nil {
			return Pattern{}, errors.New("is not an address or a network in brackets")
		}
		return networkOf(prefix, port)
	}
	if strings.Count(s, ":") > 1 {
		return Pattern{}, errors.New("has more than one colon: write an IPv6 address with a port in brackets")
	}
	host, port, _ := strings.Cut(s, ":")
	if prefix, err := parsePrefix(host); err == nil {
		return networkOf(prefix, port)
	}
	if strings.Contains(host, "/") {
		return Pattern{}, errors.New("is not a network, and a host cannot have a path")
	}
	p := Pattern{}
	var err error
	if p.port, err = parsePort(port); err != nil {
		return Pattern{}, err
	}
	switch below, wild := strings.CutPrefix(host, "*."); {
	case host == "*":
		p.kind = anyHost
	case host == SingleLabel:
		p.kind = singleLabel
	case host == Internal:
		p.kind = internal
	case strings.Contains(below, "*"):
		return Pattern{}, errors.New("has a * in the wrong place: use it alone or as the first label")
	default:
		h, ok := Parse(below, 0)
		if !ok || h.Name == "" {
			return Pattern{}, errors.New("is not a valid host name, so it matches nothing")
		}
		p.name = h.Name
		if wild {
			p.kind, p.name = suffix, "."+h.Name
			if len(p.name) >= maxName {
				return Pattern{}, errors.New("is too long for any name below it, so it matches nothing")
			}
		}
	}
	return p, nil
}

// parsePrefix parses a network or an address.
func parsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

func networkOf(prefix netip.Prefix, port string) (p Pattern, err error) {
	if addr := prefix.Addr(); addr.Is4In6() {
		if prefix.Bits() < 96 {
			return p, errors.New("is a network of IPv4 in IPv6 that is wider than IPv4, so it matches nothing")
		}
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96)
	}
	if prefix.Masked() != prefix {
		return p, errors.New("has bits set after its prefix length: write " + prefix.Masked().String())
	}
	p.kind, p.prefix = network, prefix
	if port != "" {
		p.port, err = parsePort(port)
	}
	return p, err
}

func parsePort(s string) (uint16, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, errors.New("has an invalid port: use 1 to 65535")
	}
	return uint16(n), nil
}

// String returns the pattern in its canonical spelling. Patterns that match the same hosts have the same one.
func (p Pattern) String() string {
	s := p.name
	switch p.kind {
	case network:
		if s = p.prefix.String(); p.prefix.IsSingleIP() {
			s = p.prefix.Addr().String()
		}
		if p.port != 0 && p.prefix.Addr().Is6() {
			s = "[" + s + "]"
		}
	case suffix:
		s = "*" + s
	case topics:
		s += "*"
	case singleLabel:
		s = SingleLabel
	case internal:
		s = Internal
	case anyHost:
		s = "*"
	}
	if p.port != 0 {
		s += ":" + strconv.Itoa(int(p.port))
	}
	return s
}

// Match reports whether the pattern matches a host. inside says whether the host is internal.
func (p Pattern) Match(h Host, inside bool) bool {
	if p.port != 0 && p.port != h.Port {
		return false
	}
	switch p.kind {
	case exact:
		return h.Name == p.name
	case network:
		return h.Addr.IsValid() && p.prefix.Contains(h.Addr)
	case suffix:
		return strings.HasSuffix(h.Name, p.name) && len(h.Name) > len(p.name)
	case oneTopic:
		return h.Topic == p.name
	case topics:
		return strings.HasPrefix(h.Topic, p.name)
	case singleLabel:
		return h.oneLabel() && !h.TopLevel
	case internal:
		return inside
	}
	return true
}

// Compare orders patterns, the most specific first: by kind, then the longer one, then one with a port before one
// without. It returns 0 only for equal patterns, and for patterns without a common host.
func Compare(a, b Pattern) int {
	return cmp.Or(
		cmp.Compare(a.kind, b.kind),
		cmp.Compare(b.prefix.Bits(), a.prefix.Bits()),
		cmp.Compare(len(b.name), len(a.name)),
		cmp.Compare(hasPort(b), hasPort(a)),
	)
}

func hasPort(p Pattern) int { return int(min(p.port, 1)) }

// Table finds the value of the most specific pattern that matches. Call Add for all patterns, then Sort once, then
// Find.
type Table[V any] struct{ rows []row[V] }

type row[V any] struct {
	Pattern
	value V
}

// Add adds a pattern. Do not add the same pattern twice.
func (t *Table[V]) Add(p Pattern, value V) { t.rows = append(t.rows, row[V]{p, value}) }

// Sort orders the patterns, the most specific first.
func (t *Table[V]) Sort() {
	slices.SortFunc(t.rows, func(a, b row[V]) int { return Compare(a.Pattern, b.Pattern) })
}

// Find returns the value of the most specific pattern that matches a host. inside says whether the host is internal.
// The cost is linear in the number of patterns.
func (t *Table[V]) Find(h Host, inside bool) (value V, ok bool) {
	for i := range t.rows {
		if t.rows[i].Match(h, inside) {
			return t.rows[i].value, true
		}
	}
	return value, false
}
