package main

import (
	"fmt"
	"os"
	"time"
)

func Example_printer() {
	p := &printer{out: os.Stdout, format: "markdown"}
	p.table("Two peers:", []string{"peer", "rate"}, [][]string{{"luamilter", "12"}, {"limit", "7"}})
	p.format = "benchstat"
	p.table("Two peers:", nil, nil)
	p.benchmark("noop/small", 3, metric{1.25, "ns/op"})
	// Output:
	// Two peers:
	//
	// | peer      | rate |
	// |---|---:|
	// | luamilter |   12 |
	// | limit     |    7 |
	//
	// BenchmarkNoop/small 3 1.2 ns/op
}

func Example_median() {
	fmt.Println(median([]float64{3, 1, 2}), median([]float64{4, 1, 3, 2}), median(nil))
	sorted := []time.Duration{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	fmt.Println(int(percentile(sorted, 0.5)), int(percentile(sorted, 0.99)), int(percentile(nil, 0.5)))
	// Output:
	// 2 2.5 0
	// 6 10 0
}
