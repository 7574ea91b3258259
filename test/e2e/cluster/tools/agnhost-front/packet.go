// SCTP packets of one chunk, as far as a handshake needs them (RFC 9260).
package main

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	headerSize      = 12
	checksumOffset  = 8
	chunkHeaderSize = 4
	// Initiate tag, window, streams of both directions, first sequence number.
	initSize            = 16
	cookieParameter     = 7
	parameterHeaderSize = 4
)

type chunkKind uint8

const (
	chunkInit       chunkKind = 1
	chunkInitAck    chunkKind = 2
	chunkAbort      chunkKind = 6
	chunkCookieEcho chunkKind = 10
	chunkCookieAck  chunkKind = 11
)

type packet struct {
	source, destination uint16
	// Verification tag: what the receiver has asked for, 0 in INIT.
	tag  uint32
	kind chunkKind
	// Value of the chunk; its size is a multiple of 4 in all that is sent here.
	value []byte
}

func (p packet) encode() []byte {
	data := binary.BigEndian.AppendUint16(nil, p.source)
	data = binary.BigEndian.AppendUint16(data, p.destination)
	data = binary.BigEndian.AppendUint32(data, p.tag)
	data = append(data, 0, 0, 0, 0, byte(p.kind), 0)
	data = binary.BigEndian.AppendUint16(data, uint16(chunkHeaderSize+len(p.value)))
	data = append(data, p.value...)
	binary.LittleEndian.PutUint32(data[checksumOffset:], checksum(data))
	return data
}

// decode returns the first chunk of a packet. It refuses what is too short or has a wrong checksum.
func decode(data []byte) (packet, bool) {
	if len(data) < headerSize+chunkHeaderSize || binary.LittleEndian.Uint32(data[checksumOffset:]) != checksum(data) {
		return packet{}, false
	}
	chunk := data[headerSize:]
	size := int(binary.BigEndian.Uint16(chunk[2:]))
	if size < chunkHeaderSize || size > len(chunk) {
		return packet{}, false
	}
	return packet{
		source:      binary.BigEndian.Uint16(data),
		destination: binary.BigEndian.Uint16(data[2:]),
		tag:         binary.BigEndian.Uint32(data[4:]),
		kind:        chunkKind(chunk[0]),
		value:       chunk[chunkHeaderSize:size],
	}, true
}

// checksum is the CRC32c of the packet with zeros for the checksum.
func checksum(data []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(0, table, data[:checksumOffset])
	sum = crc32.Update(sum, table, make([]byte, 4))
	return crc32.Update(sum, table, data[headerSize:])
}

// initValue is that of INIT, and with a cookie that of INIT ACK. The tag is what the other side shall send.
func initValue(tag uint32, cookie []byte) []byte {
	value := binary.BigEndian.AppendUint32(nil, tag)
	value = binary.BigEndian.AppendUint32(value, 1<<16)
	value = append(value, 0, 1, 0, 1)
	value = binary.BigEndian.AppendUint32(value, tag)
	if cookie != nil {
		value = binary.BigEndian.AppendUint16(value, cookieParameter)
		value = binary.BigEndian.AppendUint16(value, uint16(parameterHeaderSize+len(cookie)))
		value = append(value, cookie...)
	}
	return value
}

// readInit returns the tag that INIT or INIT ACK asks for, and the parameters behind.
func readInit(value []byte) (tag uint32, parameters []byte, ok bool) {
	if len(value) < initSize {
		return 0, nil, false
	}
	return binary.BigEndian.Uint32(value), value[initSize:], true
}
