package app

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"sigpost/store"
	"sigpost/store/storetest"
)

func TestMeasureLoad(t *testing.T) {
	cpu := func() float64 {
		var r syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &r)
		return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
	}
	dsn := storetest.Postgres(t)
	f, _ := os.Open("/tmp/k8m/a.jsonl.zst")
	d, err := store.OpenDump(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	c, b := cpu(), time.Now()
	_, _, err = store.LoadDump(context.Background(), dsn, d, readText, func(*store.DB) error { return nil }, func(int) {})
	fmt.Printf("load into PostgreSQL: %v cpu %.1f wall %.1f\n", err, cpu()-c, time.Since(b).Seconds())
	db, _ := store.Open(context.Background(), dsn)
	c, b = cpu(), time.Now()
	out, _ := os.Create("/tmp/k8m/p.jsonl.zst")
	_, _, err = db.Dump(context.Background(), out, store.DumpHeader{}, true, func(int, int) {})
	fmt.Printf("dump of PostgreSQL: %v cpu %.1f wall %.1f\n", err, cpu()-c, time.Since(b).Seconds())
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	fmt.Println("peak MB", r.Maxrss/1024)
	db.Close()
}
