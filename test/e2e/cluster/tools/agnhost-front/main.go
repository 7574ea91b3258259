// The agnhost of test images on kernels without SCTP sockets: it speaks SCTP by raw IP packets, and leaves everything else, and
// everything where the kernel has SCTP, to Kubernetes' own agnhost. It is the image's /bin/bash too, for `bash -c "/agnhost ..."`.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const upstream = "/agnhost-upstream"

func main() {
	arguments := os.Args
	if filepath.Base(arguments[0]) == "bash" && len(arguments) == 3 {
		arguments = strings.Fields(arguments[2])
	}
	if len(arguments) > 1 && !kernelHasSCTP() {
		switch arguments[1] {
		case "connect":
			if options := readOptions(arguments[2:]); options.protocol == "sctp" {
				os.Exit(connect(options))
			}
		case "porter":
			if ports := sctpPorts(os.Environ()); len(ports) > 0 {
				serve(ports)
			}
		}
	}
	err := syscall.Exec(upstream, arguments, os.Environ())
	fmt.Fprintf(os.Stderr, "%s: %v\n", upstream, err)
	os.Exit(1)
}

func kernelHasSCTP() bool {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, syscall.IPPROTO_SCTP)
	if err != nil {
		return false
	}
	_ = syscall.Close(socket)
	return true
}
