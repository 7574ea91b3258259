// Sends a datagram every millisecond to each address it is given, each from a socket of its own, with the milliseconds since it began;
// and answers datagrams on port 9. So a test sees what a pod can do from its first instant.
package main

import (
	"net"
	"os"
	"strconv"
	"time"
)

func main() {
	go answer()
	start := time.Now()
	for {
		for _, address := range os.Args[1:] {
			if socket, err := net.Dial("udp", address); err == nil {
				_, _ = socket.Write([]byte(strconv.FormatInt(time.Since(start).Milliseconds(), 10)))
				_ = socket.Close()
			}
		}
		time.Sleep(time.Millisecond)
	}
}

func answer() {
	socket, err := net.ListenPacket("udp", ":9")
	if err != nil {
		panic(err)
	}
	buffer := make([]byte, 2048)
	for {
		if size, sender, err := socket.ReadFrom(buffer); err == nil {
			_, _ = socket.WriteTo(buffer[:size], sender)
		}
	}
}
