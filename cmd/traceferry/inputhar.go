package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// harEntry is what is read of an entry of a HAR file (http://www.softwareishard.com/blog/har-12-spec/).
type harEntry struct {
	Request struct {
		Method, URL string
		Headers     []harHeader
	}
	Response struct {
		Status  any
		Headers []harHeader
	}
}

type harHeader struct{ Name, Value string }

// readHAR reads a HAR file, entry by entry. Bodies are cut, so a large file needs little memory.
func readHAR(b *bufio.Reader, f func(record) error) error {
	r := &budget{r: &shortStrings{r: b}, left: maxValue}
	d := json.NewDecoder(r)
	if err := enter(r, d, "log"); err != nil {
		return notHAR(err)
	}
	if err := enter(r, d, "entries"); err != nil {
		return notHAR(err)
	}
	if start, err := d.Token(); err != nil || start != json.Delim('[') {
		return notHAR(err)
	}
	for n := 1; d.More(); n++ {
		r.left = maxValue
		var entry harEntry
		if err := d.Decode(&entry); err != nil {
			return notHAR(err)
		}
		if err := entry.records(n, f); err != nil {
			return err
		}
	}
	_, err := d.Token()
	if err != nil {
		return notHAR(err)
	}
	return nil
}

// enter reads the beginning of an object up to the value of a key.
func enter(r *budget, d *json.Decoder, key string) error {
	start, err := d.Token()
	if err != nil {
		return err
	}
	if start != json.Delim('{') {
		return fmt.Errorf("%v instead of an object", start)
	}
	for d.More() {
		r.left = maxValue
		name, err := d.Token()
		if err != nil || name == key {
			return err
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return err
		}
	}
	return fmt.Errorf("there is no %q", key)
}

func (e *harEntry) records(n int, f func(record) error) error {
	request := record{where: fmt.Sprintf("entry %d: %s %s", n, e.Request.Method, e.Request.URL), header: harHeaders(e.Request.Headers), logged: true}
	if err := f(request); err != nil {
		return err
	}
	return f(record{where: fmt.Sprintf("entry %d: response %v", n, e.Response.Status), header: harHeaders(e.Response.Headers), response: true, logged: true})
}

func harHeaders(headers []harHeader) http.Header {
	h := http.Header{}
	for _, header := range headers[:min(len(headers), maxHeaders)] {
		if name, value, ok := headerLine(header.Name + ":" + header.Value); ok {
			h.Add(name, value)
		}
	}
	return h
}

func notHAR(err error) error {
	if errors.Is(err, errTooLong) {
		return err
	}
	if err == nil {
		err = errors.New("its entries are no list")
	}
	return fmt.Errorf("the HAR file cannot be read: %w", err)
}
