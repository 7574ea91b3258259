// `agnhost connect HOST:PORT --protocol=sctp --timeout=DURATION`: the client's side of the handshake, with agnhost's words for what
// came of it.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type options struct {
	destination, protocol, timeout string
}

func readOptions(arguments []string) options {
	read := options{timeout: "0s"}
	for _, argument := range arguments {
		name, value, _ := strings.Cut(argument, "=")
		switch {
		case name == "--protocol":
			read.protocol = value
		case name == "--timeout":
			read.timeout = value
		case !strings.HasPrefix(name, "-"):
			read.destination = argument
		}
	}
	return read
}

// connect returns the program's exit status.
func connect(options options) int {
	timeout, err := time.ParseDuration(options.timeout)
	if err != nil {
		return fail("UNKNOWN: %v", err)
	}
	host, port, err := resolve(options.destination)
	if err != nil {
		return fail("DNS: %v", err)
	}
	err = shakeHands(host, port, time.Now().Add(timeout))
	var number syscall.Errno
	switch {
	case err == nil:
		return 0
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fail("TIMEOUT")
	case errors.As(err, &number):
		err = number // as a system call of SCTP's would say it
	}
	return fail("OTHER: %v", err)
}

func fail(format string, values ...any) int {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	return 1
}

func resolve(destination string) (*net.IPAddr, uint16, error) {
	host, service, err := net.SplitHostPort(destination)
	if err != nil {
		return nil, 0, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, 0, err
	}
	address, err := net.ResolveIPAddr("ip", host)
	return address, uint16(port), err
}

// client is one side of an association to be.
type client struct {
	socket *net.IPConn
	// Ports. The client's is random: connection tracking has to see a new association each time.
	port, server uint16
	// What the server has to send.
	tag uint32
}

// shakeHands opens an association and drops it at once. Nothing is sent twice.
func shakeHands(host *net.IPAddr, port uint16, deadline time.Time) error {
	socket, err := net.DialIP("ip:132", nil, host)
	if err != nil {
		return err
	}
	defer socket.Close()
	if err := socket.SetDeadline(deadline); err != nil {
		return err
	}
	client := client{socket: socket, port: 1<<15 + uint16(rand.Uint32N(1<<15)), server: port, tag: rand.Uint32N(1<<32-1) + 1}
	reply, err := client.ask(chunkInit, 0, initValue(client.tag, nil), chunkInitAck)
	if err != nil {
		return err
	}
	tag, parameters, ok := readInit(reply.value)
	if !ok {
		return errors.New("INIT ACK is too short")
	}
	if _, err := client.ask(chunkCookieEcho, tag, cookieOf(parameters), chunkCookieAck); err != nil {
		return err
	}
	return client.send(chunkAbort, tag, nil)
}

// ask sends a chunk and returns the one that answers it.
func (c client) ask(kind chunkKind, tag uint32, value []byte, wanted chunkKind) (packet, error) {
	if err := c.send(kind, tag, value); err != nil {
		return packet{}, err
	}
	buffer := make([]byte, 1<<16)
	for {
		size, _, err := c.socket.ReadFromIP(buffer)
		if err != nil {
			return packet{}, err
		}
		reply, ok := decode(buffer[:size])
		switch {
		case !ok || reply.source != c.server || reply.destination != c.port || reply.tag != c.tag:
		case reply.kind == wanted:
			return reply, nil
		case reply.kind == chunkAbort:
			return packet{}, syscall.ECONNREFUSED
		}
	}
}

// send leaves it to the time that passes to tell of a packet that a filter of this host drops, as SCTP in the kernel does.
func (c client) send(kind chunkKind, tag uint32, value []byte) error {
	request := packet{source: c.port, destination: c.server, tag: tag, kind: kind, value: value}
	if _, err := c.socket.Write(request.encode()); err != nil && !errors.Is(err, syscall.EPERM) {
		return err
	}
	return nil
}

// cookieOf finds the cookie among the parameters of INIT ACK; without one there is nothing to echo.
func cookieOf(parameters []byte) []byte {
	for len(parameters) >= parameterHeaderSize {
		size := int(binary.BigEndian.Uint16(parameters[2:]))
		if size < parameterHeaderSize || size > len(parameters) {
			return nil
		}
		if binary.BigEndian.Uint16(parameters) == cookieParameter {
			return parameters[parameterHeaderSize:size]
		}
		parameters = parameters[min((size+3)&^3, len(parameters)):]
	}
	return nil
}
