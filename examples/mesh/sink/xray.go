package sink

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
)

// NewXRay returns an X-Ray daemon: it receives segments as JSON over UDP. The subsegments of a segment are separate
// Spans.
func NewXRay() (Sink, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	// A datagram that finds the buffer full is lost. The system may grant a smaller buffer.
	if err := conn.SetReadBuffer(readBuffer); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	x := &xray{conn: conn, packets: make(chan []byte, readAhead)}
	go x.receive()
	go x.keep()
	return x, nil
}

const (
	readBuffer = 4 << 20
	readAhead  = 1 << 14 // packets
)

type xray struct {
	store
	conn    *net.UDPConn
	packets chan []byte // received, not parsed
}

func (x *xray) Addr() string { return x.conn.LocalAddr().String() }
func (x *xray) Close() error { return x.conn.Close() }

// receive only empties the socket's buffer.
func (x *xray) receive() {
	defer close(x.packets)
	packet := make([]byte, 64<<10)
	for {
		n, _, err := x.conn.ReadFrom(packet)
		if err != nil {
			return
		}
		x.packets <- bytes.Clone(packet[:n])
	}
}

func (x *xray) keep() {
	for packet := range x.packets {
		// Like the real daemon, silently drop data that is not a segment.
		if segment, err := parseSegment(packet); err == nil {
			x.add(segment.spans(segment.TraceID, segment.ParentID)...)
		}
	}
}

type xraySegment struct {
	TraceID     string         `json:"trace_id"`
	ID          string         `json:"id"`
	ParentID    string         `json:"parent_id"`
	Name        string         `json:"name"`
	Type        string         `json:"type"`
	Annotations map[string]any `json:"annotations"`
	Subsegments []xraySegment  `json:"subsegments"`
}

// parseSegment parses a header line and the segment after it.
func parseSegment(packet []byte) (segment xraySegment, err error) {
	line, body, _ := bytes.Cut(packet, []byte("\n"))
	var header struct {
		Format  string
		Version int
	}
	if err := json.Unmarshal(line, &header); err != nil {
		return segment, err
	}
	if header.Format != "json" || header.Version != 1 {
		return segment, fmt.Errorf("a packet of format %q, version %d", header.Format, header.Version)
	}
	err = json.Unmarshal(body, &segment)
	return segment, err
}

// spans returns the segment and its subsegments. A subsegment does not contain the trace id and its parent's id.
func (s xraySegment) spans(traceID, parentID string) []Span {
	out := []Span{s.span(traceID, parentID)}
	for _, sub := range s.Subsegments {
		out = append(out, sub.spans(traceID, s.ID)...)
	}
	return out
}

// span returns the segment only. A segment has the name of a service. A subsegment is a call and has no service.
// Envoy's outbound listener also sends a segment.
func (s xraySegment) span(traceID, parentID string) Span {
	tags := make(map[string]string, len(s.Annotations))
	for key, value := range s.Annotations {
		tags[key] = fmt.Sprint(value)
	}
	span := Span{TraceID: traceID, ID: s.ID, ParentID: parentID, Name: s.Name, Kind: "client", RequestID: tags[RequestIDTag], Tags: tags}
	if s.Type != "subsegment" {
		span.Service = s.Name
		if tags["direction"] != "egress" {
			span.Kind = "server"
		}
	}
	return span
}
