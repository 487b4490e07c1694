// Package lru keeps what was asked for last, up to a number of bytes.
package lru

import (
	"container/list"
	"sync"
)

// Cache keeps values by their keys. It may be used by many goroutines at once.
type Cache[K comparable, V any] struct {
	mu    sync.Mutex
	limit int
	bytes int
	byKey map[K]*list.Element
	order *list.List // the latest asked for first
}

type entry[K comparable, V any] struct {
	key   K
	value V
	bytes int
}

// overhead is about what an entry takes beside its value, in bytes.
const overhead = 200

// New makes a cache of about so many bytes.
func New[K comparable, V any](limit int) *Cache[K, V] {
	return &Cache[K, V]{limit: limit, byKey: map[K]*list.Element{}, order: list.New()}
}

// Get gives what is kept under a key.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return value, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry[K, V]).value, true
}

// Put keeps a value of about so many bytes, in the place of what was kept under
// its key. One that would take more than a quarter of the room is not kept.
func (c *Cache[K, V]) Put(key K, value V, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[key]; e != nil {
		c.drop(e)
	}
	if bytes += overhead; bytes > c.limit/4 {
		return
	}
	c.byKey[key] = c.order.PushFront(&entry[K, V]{key, value, bytes})
	c.bytes += bytes
	for c.bytes > c.limit {
		c.drop(c.order.Back())
	}
}

func (c *Cache[K, V]) drop(e *list.Element) {
	one := c.order.Remove(e).(*entry[K, V])
	delete(c.byKey, one.key)
	c.bytes -= one.bytes
}
