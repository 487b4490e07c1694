package app

import (
	"sync"
	"testing"
)

// Who looks whether the archive was put back while others count on finds that it was not.
func TestGenerationWhileOthersCount(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		if !a.Store.Shared() {
			t.Skip("one process sends")
		}
		var counting sync.WaitGroup
		stop := make(chan struct{})
		for range 3 {
			other := w.open()
			counting.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if err := other.countGeneration(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for range 500 {
			if _, err := a.checkGeneration(t.Context()); err != nil {
				t.Error(err)
				break
			}
		}
		close(stop)
		counting.Wait()
	})
}
