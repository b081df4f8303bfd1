// Command controlplane is a real kube-apiserver on an embedded etcd, with a simulated kubelet and a front that delays, refuses and
// counts requests. All of it is one process on the loopback interface, and all of its data is thrown away.
package main

import (
	"fmt"
	"os"
	_ "time/tzdata"
)

const usage = `usage: controlplane up --dir DIR     start, print one line READY {addresses}, run until SIGTERM
       controlplane load --help     create pods with as little as possible in the way, see them Running
`

func main() {
	command, arguments := "", []string(nil)
	if len(os.Args) > 1 {
		command, arguments = os.Args[1], os.Args[2:]
	}
	var err error
	switch command {
	case "up":
		err = up(arguments)
	case "load":
		err = load(arguments)
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "controlplane %s: %v\n", command, err)
		os.Exit(1)
	}
}
