package summary

import (
	"math"
	"slices"
)

// lesson is a sentence that people judged.
type lesson struct {
	values []float64
	picked float64 // the share of those who judged that picked it
}

// fit learns by logistic regression what speaks for a sentence, by Newton's
// method. strength holds weights
// near what was expected: a few threads must not teach much.
// The bias is free.
func fit(lessons []lesson, expected []float64, strength float64) (weights []float64, bias float64) {
	n := len(expected)
	w := append(slices.Clone(expected), 0) // the last is the bias
	for range 60 {
		gradient := make([]float64, n+1)
		hessian := make([][]float64, n+1)
		for i := range hessian {
			hessian[i] = make([]float64, n+1)
		}
		for _, l := range lessons {
			x := append(append(make([]float64, 0, n+1), l.values...), 1)
			p := logistic(dot(w, x))
			for i := range x {
				gradient[i] += (p - l.picked) * x[i]
				for j := range x {
					hessian[i][j] += p * (1 - p) * x[i] * x[j]
				}
			}
		}
		for i := range n {
			gradient[i] += strength * (w[i] - expected[i])
			hessian[i][i] += strength
		}
		hessian[n][n] += 1e-6
		step := solve(hessian, gradient)
		size := math.Sqrt(dot(step, step))
		for i := range w {
			w[i] -= step[i] / max(1, size) // Newton's steps are too long far from the minimum
		}
		if size < 1e-6 {
			break
		}
	}
	return w[:n], w[n]
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func dot(x, y []float64) float64 {
	sum := 0.0
	for i := range x {
		sum += x[i] * y[i]
	}
	return sum
}

// solve gives x for a·x = b by Gaussian elimination. It changes both.
func solve(a [][]float64, b []float64) []float64 {
	n := len(b)
	for i := range n {
		pivot := i
		for k := i + 1; k < n; k++ {
			if math.Abs(a[k][i]) > math.Abs(a[pivot][i]) {
				pivot = k
			}
		}
		a[i], a[pivot] = a[pivot], a[i]
		b[i], b[pivot] = b[pivot], b[i]
		for k := i + 1; k < n; k++ {
			f := a[k][i] / a[i][i]
			for j := i; j < n; j++ {
				a[k][j] -= f * a[i][j]
			}
			b[k] -= f * b[i]
		}
	}
	x := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		x[i] = b[i]
		for j := i + 1; j < n; j++ {
			x[i] -= a[i][j] * x[j]
		}
		x[i] /= a[i][i]
	}
	return x
}
