package classify

import "math"

// row is a text as numbers: the terms that it has, in ascending order, and how
// much it has of each.
type row struct {
	terms  []int32
	values []float32
}

// named is what the rules say of a text, for one tag: how surely they name it,
// and how surely they name the best of all others.
type named [2]float64

// machine is a linear support vector machine for one question: it says yes
// where the weights of a text's terms and the bias add up to more than 0.
type machine struct {
	weights []float64
	named   named // the weights of what the rules say
	bias    float64
}

// The training ends when no multiplier is further from its best value than
// svmTolerance, or after svmRounds passes over the texts.
const (
	svmTolerance = 0.02
	svmRounds    = 150
)

// trainMachine trains by dual coordinate descent (Hsieh et al., A Dual
// Coordinate Descent Method for Large-scale Linear SVM, 2008: algorithm 1 for
// the squared loss). yes says which rows are to be answered yes, cost how much
// it costs to answer each wrongly, scale is what each term's values are
// multiplied by. The order of the passes is fixed, so that the same rows always
// give the same machine.
func trainMachine(rows []row, rules []named, prior named, yes []bool, cost, scale []float64) machine {
	n := len(rows)
	m := machine{weights: make([]float64, len(scale))} // of scaled values, until the end
	alpha := make([]float64, n)
	diagonal := make([]float64, n) // Q_ii + D_ii
	for i, r := range rows {
		// The bias is a term that every row has once.
		sum := 1 + rules[i][0]*rules[i][0] + rules[i][1]*rules[i][1]
		for k, t := range r.terms {
			v := float64(r.values[k]) * scale[t]
			sum += v * v
		}
		diagonal[i] = sum + 1/(2*cost[i])
	}
	order := shuffled(n)
	for range svmRounds {
		worst := 0.0
		for _, i := range order {
			r, y := &rows[i], -1.0
			if yes[i] {
				y = 1
			}
			gradient := y*(m.scaled(r, rules[i], scale)+prior[0]*rules[i][0]+prior[1]*rules[i][1]) - 1 + alpha[i]/(2*cost[i])
			if alpha[i] == 0 && gradient >= 0 {
				continue
			}
			worst = max(worst, math.Abs(gradient))
			next := max(alpha[i]-gradient/diagonal[i], 0)
			step := (next - alpha[i]) * y
			alpha[i] = next
			m.bias += step
			m.named[0] += step * rules[i][0]
			m.named[1] += step * rules[i][1]
			for k, t := range r.terms {
				m.weights[t] += step * float64(r.values[k]) * scale[t]
			}
		}
		if worst < svmTolerance {
			break
		}
	}
	for t := range m.weights {
		m.weights[t] *= scale[t]
	}
	return m
}

func (m *machine) scaled(r *row, rules named, scale []float64) float64 {
	sum := m.bias + m.named[0]*rules[0] + m.named[1]*rules[1]
	for k, t := range r.terms {
		sum += m.weights[t] * float64(r.values[k]) * scale[t]
	}
	return sum
}

// shuffled gives the numbers below n in an order that is always the same and
// follows no order of the texts.
func shuffled(n int) []int {
	order := make([]int, n)
	state := uint64(1)
	for i := range order {
		order[i] = i
	}
	for i := n - 1; i > 0; i-- {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		j := int(state % uint64(i+1))
		order[i], order[j] = order[j], order[i]
	}
	return order
}
