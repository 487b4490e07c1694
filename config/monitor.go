package config

import (
	"fmt"
	"log/slog"
	"net"
)

// Log says what lines the program writes of its work.
type Log struct {
	Format string `toml:"format"`
	// Level is the least that is logged; "" leaves it to where the lines go.
	Level string `toml:"level"`
	// Requests says that requests to the pages are logged like all else.
	Requests bool `toml:"requests"`
}

// The formats of lines.
const (
	LogText = "text"
	LogJSON = "json"
)

// Least is the least that is logged, or otherwise where the configuration does not say.
func (l Log) Least(otherwise slog.Level) slog.Level {
	var level slog.Level
	if l.Level == "" || level.UnmarshalText([]byte(l.Level)) != nil {
		return otherwise
	}
	return level
}

// Metrics says where a process tells how it is.
type Metrics struct {
	// Listen is the address; "" is nowhere.
	Listen string `toml:"listen"`
	// Pprof says that the process can be looked into there.
	Pprof bool `toml:"pprof"`
}

func (c *Config) checkLog(ch *checker) {
	oneOf(ch, "log.format", c.Log.Format, LogText, LogJSON)
	if c.Log.Level != "" {
		oneOf(ch, "log.level", c.Log.Level, "debug", "info", "warn", "error")
	}
}

func (c *Config) checkMetrics(ch *checker) {
	listen := c.Metrics.Listen
	if listen == "" {
		if c.Metrics.Pprof {
			ch.add("metrics.pprof", "pprof needs metrics.listen, such as \"127.0.0.1:9468\"")
		}
		return
	}
	if err := CheckMetricsListen(listen); err != nil {
		ch.add("metrics.listen", "%v", err)
	}
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return
	}
	if port != "0" && listen == c.Web.Listen {
		ch.add("metrics.listen", "the pages are at %s already: metrics are not for everybody, and want an address of their own", listen)
	}
	if c.Metrics.Pprof && !Loopback(listen) {
		ch.add("metrics.pprof", "pprof shows what the process has in its memory, and needs metrics.listen to be this machine alone, such as \"127.0.0.1:%s\"", port)
	}
}

// CheckMetricsListen says what is wrong with an address to serve metrics at.
func CheckMetricsListen(addr string) error {
	if err := CheckListen(addr); err != nil {
		return err
	}
	if host, port, _ := net.SplitHostPort(addr); host == "" {
		return fmt.Errorf("%q is every address of this machine: write \"127.0.0.1:%s\" for this machine alone, or \"0.0.0.0:%s\" where that is meant", addr, port, port)
	}
	return nil
}
