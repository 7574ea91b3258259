// `agnhost porter`: the server's side of the handshake, on each port that SERVE_SCTP_PORT_* of the environment name. It keeps no
// state: what it has to know of a client is in the cookie.
package main

import (
	"encoding/binary"
	"errors"
	"log"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"syscall"
)

const portPrefix = "SERVE_SCTP_PORT_"

func sctpPorts(environment []string) map[uint16]bool {
	ports := map[uint16]bool{}
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		if text, found := strings.CutPrefix(name, portPrefix); found {
			port, err := strconv.ParseUint(text, 10, 16)
			if err != nil {
				log.Fatalf("%s: %v", name, err)
			}
			ports[uint16(port)] = true
		}
	}
	return ports
}

// serve answers forever.
func serve(ports map[uint16]bool) {
	for _, family := range []family{
		{"ip4:132", syscall.IPPROTO_IP, syscall.IP_PKTINFO},
		{"ip6:132", syscall.IPPROTO_IPV6, syscall.IPV6_RECVPKTINFO},
	} {
		socket, err := family.listen()
		if err != nil {
			log.Fatal(err)
		}
		go answer(socket, ports)
	}
	log.Print("Started SCTP server")
	select {}
}

type family struct {
	network string
	// Socket option for control messages that name the address a packet was sent to.
	level, option int
}

func (f family) listen() (*net.IPConn, error) {
	socket, err := net.ListenIP(f.network, nil)
	if err != nil {
		return nil, err
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, err
	}
	var refused error
	err = raw.Control(func(descriptor uintptr) {
		refused = syscall.SetsockoptInt(int(descriptor), f.level, f.option, 1)
	})
	return socket, errors.Join(err, refused)
}

func answer(socket *net.IPConn, ports map[uint16]bool) {
	buffer, control := make([]byte, 1<<16), make([]byte, 1<<10)
	for {
		size, controlSize, _, client, err := socket.ReadMsgIP(buffer, control)
		if err != nil {
			log.Fatal(err)
		}
		request, ok := decode(withoutHeader(buffer[:size], client))
		if !ok || !ports[request.destination] {
			continue
		}
		if reply, ok := replyTo(request); ok {
			// Sent with the control message of the request, it comes from where the client has sent that one.
			if _, _, err := socket.WriteMsgIP(reply.encode(), control[:controlSize], client); err != nil {
				log.Print(err)
			}
		}
	}
}

// withoutHeader returns what follows the IP header, which Linux gives to raw sockets of IPv4 only.
func withoutHeader(data []byte, sender *net.IPAddr) []byte {
	if sender.IP.To4() == nil {
		return data
	}
	return data[int(data[0]&0xf)*4:]
}

func replyTo(request packet) (packet, bool) {
	reply := packet{source: request.destination, destination: request.source}
	switch request.kind {
	case chunkInit:
		client, _, ok := readInit(request.value)
		if !ok || request.tag != 0 {
			return packet{}, false
		}
		server := rand.Uint32()
		reply.tag, reply.kind, reply.value = client, chunkInitAck, initValue(server, encodeCookie(client, server))
		return reply, true
	case chunkCookieEcho:
		client, server, ok := decodeCookie(request.value)
		reply.tag, reply.kind = client, chunkCookieAck
		return reply, ok && request.tag == server
	}
	return packet{}, false
}

// A cookie has the tags of both sides.
func encodeCookie(client, server uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, client), server)
}

func decodeCookie(cookie []byte) (client, server uint32, ok bool) {
	if len(cookie) != 8 {
		return 0, 0, false
	}
	return binary.BigEndian.Uint32(cookie), binary.BigEndian.Uint32(cookie[4:]), true
}
