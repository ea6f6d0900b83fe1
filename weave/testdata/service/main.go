// Command bookinfo serves the services of examples/bookinfo. It starts one for each line of its standard input, which has
// the name of a service and what it calls, and answers with the service's address.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
)

func main() {
	log.SetFlags(0)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			log.Fatal(err)
		}
		words := strings.Fields(lines.Text())
		switch calls := words[1:]; words[0] {
		case "users":
			go http.Serve(l, users())
		case "ratings":
			go ratings(calls[0]).Serve(l)
		case "reviews":
			conn, err := dialRatings(calls[0])
			if err != nil {
				log.Fatal(err)
			}
			go http.Serve(l, reviews(conn))
		case "details":
			go http.Serve(l, details())
		case "productpage":
			go http.Serve(l, productpage(calls[0], calls[1]))
		default:
			log.Fatalf("there is no service %q", words[0])
		}
		fmt.Println(l.Addr())
	}
}
