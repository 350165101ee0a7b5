#!/usr/bin/env python3
"""The learning step of every brain, and a whole tick with a batch auction, in JAX: a peer to time beside this program.

The same equations, sizes and order as agents/brain/specification.ts (stream AC(lambda) with the ObGD step of Elsayed,
Vasan & Mahmood 2024) and market/batchAuction.ts (uniform price, rationing at the margin in rotated order), the same
counter-based draws (pcg4d, Jarzynski & Olano 2020), written as JAX is: one agent's step under vmap, ticks under scan,
jit, state donated. Prints agent-steps per second: warm-up, then median and range over repeats; bytes that a step must
move (its state read and written once, what the tick brings read once) and their share of measured copy bandwidth.

    python3 jaxTick.py [--what brain,tick] [--agents 1048576] [--ticks 32] [--repeats 7] [--json]

Exit codes: 0 ok, 2 bad arguments, 3 no JAX.
"""

import argparse
import json
import statistics
import sys
import time

INPUTS, HIDDEN, LOGITS = 32, 16, 32
# mode, class, ask, quote, deliver, finance, method, objective
HEADS = (4, 4, 5, 5, 2, 6, 4, 2)
# per mode, bit h = 1 counts head h, as in a market
HEAD_USE = (0b10101001, 0b10111111, 0b11101011, 0b10100001)
GENES = {"gamma": 0.95, "lam": 0.5, "tau": 0.05, "kappa_actor": 3.0, "kappa_critic": 2.0, "alpha": 1.0}
INPUT_HORIZON, INPUT_EPSILON, INPUT_CLIP, RAW_LIMIT = 2.0**20, 1e-8, 5.0, 1e9
REWARD_HORIZON, REWARD_CLIP, REWARD_DEVIATION_FLOOR = 1000.0, 5.0, 1e-3
LAYER_NORM_EPSILON, LEAK, EXPONENT_FLOOR, ENVELOPE_FLOOR = 1e-5, 0.01, -60.0, 1e-20
STREAM_A, STREAM_B, STREAM_MARGIN = 1, 2, 3
LEVELS = 256
# quotes as multiples of the last price, in levels
ASK_STEPS = (-8, -3, 0, 3, 8)
BID_STEPS = (-12, -6, -2, 0, 4)
START_CASH = 1_000_000
COPY_FLOATS = 2**28


def positive(text):
    """A whole number from 1, as argparse wants it."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return value


def kinds(text):
    """What is to be measured, separated by commas."""
    names = text.split(",")
    for name in names:
        if name not in ("brain", "tick"):
            raise argparse.ArgumentTypeError(f"{name} is neither brain nor tick")
    return names


def arguments(argv):
    parser = argparse.ArgumentParser(prog="jaxTick.py", description=__doc__.split("\n")[0])
    parser.add_argument("--what", type=kinds, default=["brain", "tick"], help="brain, tick or both, separated by a comma")
    parser.add_argument("--agents", type=positive, default=2**20)
    parser.add_argument("--ticks", type=positive, default=32, help="ticks of one scan, between two clock readings")
    parser.add_argument("--repeats", type=positive, default=7)
    parser.add_argument("--seed", type=positive, default=2026)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(argv)


def build(jax, jnp, lax, agents, seed):
    """All functions over JAX; returns first states and jitted scans."""
    head_of = jnp.array([h for h, size in enumerate(HEADS) for _ in range(size)])
    option_of = jnp.array([j for size in HEADS for j in range(size)])
    offsets = [sum(HEADS[:h]) for h in range(len(HEADS))]
    use_of = jnp.array([[(use >> h) & 1 for h in range(len(HEADS))] for use in HEAD_USE], jnp.float32)
    u32 = lambda x: jnp.asarray(x, jnp.uint32)

    def pcg4d(tick, agent, stream):
        m, c = u32(1664525), u32(1013904223)
        x, y, z, w = (u32(v) * m + c for v in (seed, tick, agent, stream))
        x = x + y * w
        y = y + z * x
        z = z + x * y
        w = w + y * z
        x, y, z, w = (v ^ (v >> 16) for v in (x, y, z, w))
        x = x + y * w
        y = y + z * x
        z = z + x * y
        w = w + y * z
        return jnp.stack([x, y, z, w])

    def unit(words):
        return (words >> 8).astype(jnp.float32) * (1.0 / 16777216)

    def rates(count):
        return 1 / count, jnp.where(count > 1, 1 / jnp.maximum(count - 1, 1), 0.0)

    def normalise_input(s, observation):
        count = jnp.minimum(INPUT_HORIZON, s["input_count"] + 1)
        rate_mean, rate_variance = rates(count)
        raw = jnp.clip(observation, -RAW_LIMIT, RAW_LIMIT)
        before = raw - s["input_mean"]
        mean = s["input_mean"] + before * rate_mean
        after = raw - mean
        variance = s["input_variance"] + (before * after - s["input_variance"]) * rate_variance
        x = jnp.clip(after / jnp.sqrt(variance + INPUT_EPSILON), -INPUT_CLIP, INPUT_CLIP)
        return x, {"input_mean": mean, "input_variance": variance, "input_count": count}

    def normalise_reward(s, reward):
        raw = jnp.clip(reward, -RAW_LIMIT, RAW_LIMIT)
        count = jnp.minimum(REWARD_HORIZON, s["reward_count"] + 1)
        rate_mean, rate_variance = rates(count)
        before = raw - s["reward_mean"]
        mean = s["reward_mean"] + before * rate_mean
        after = raw - mean
        variance = s["reward_variance"] + (before * after - s["reward_variance"]) * rate_variance
        deviation = jnp.maximum(REWARD_DEVIATION_FLOOR, jnp.sqrt(variance))
        scaled = jnp.clip(after / deviation, -REWARD_CLIP, REWARD_CLIP)
        return scaled, {"reward_mean": mean, "reward_variance": variance, "reward_count": count}

    def activate(normal):
        return jnp.where(normal > 0, normal, LEAK * normal)

    def forward(net, x):
        y = net["hidden"] @ x + net["hidden_bias"]
        centred = y - jnp.mean(y)
        scale = lax.rsqrt(jnp.mean(centred**2) + LAYER_NORM_EPSILON)
        normal = centred * scale
        return net["output"] @ activate(normal) + net["output_bias"], normal, scale

    def softmax_heads(logits):
        probability, slope = [], []
        for offset, size in zip(offsets, HEADS):
            y = logits[offset : offset + size]
            y = y - jnp.max(y)
            weight = jnp.exp(jnp.maximum(EXPONENT_FLOOR, y))
            p = weight / jnp.sum(weight)
            probability.append(p)
            slope.append(p * (jnp.sum(p * y) - y))
        return jnp.concatenate(probability), jnp.concatenate(slope)

    def sample(probability, uniforms):
        options = []
        for head, (offset, size) in enumerate(zip(offsets, HEADS)):
            cumulative = jnp.cumsum(probability[offset : offset + size])
            options.append(jnp.minimum(jnp.sum(uniforms[head] >= cumulative), size - 1))
        return jnp.stack(options)

    def net_gradient(net, x, normal, scale, gradient):
        back = net["output"].T @ gradient
        back = jnp.where(normal > 0, back, LEAK * back)
        back = scale * (back - jnp.mean(back) - normal * jnp.mean(back * normal))
        return {
            "hidden": jnp.outer(back, x),
            "hidden_bias": back,
            "output": jnp.outer(gradient, activate(normal)),
            "output_bias": gradient,
        }

    def update_net(net, traces, gradient, decay, output_decay, kappa, delta):
        z = {
            "hidden": decay * traces["hidden"] + gradient["hidden"],
            "hidden_bias": decay * traces["hidden_bias"] + gradient["hidden_bias"],
            "output": output_decay[:, None] * traces["output"] + gradient["output"],
            "output_bias": output_decay * traces["output_bias"] + gradient["output_bias"],
        }
        norm = sum(jnp.sum(jnp.abs(part)) for part in z.values())
        bound = GENES["alpha"] * kappa * jnp.maximum(jnp.abs(delta), 1) * norm
        size = jnp.where(bound > 1, GENES["alpha"] / bound, GENES["alpha"])
        return {name: net[name] + size * delta * z[name] for name in net}, z

    def learn(s, x, raw_reward):
        reward, moments = normalise_reward(s, raw_reward)
        ahead, _, _ = forward(s["critic"], x)
        delta = reward + GENES["gamma"] * ahead[0] - s["value"]
        decay = GENES["gamma"] * GENES["lam"]
        use = use_of[s["action"][0]]
        chosen = (s["action"][head_of] == option_of).astype(jnp.float32)
        bonus = GENES["tau"] * jnp.sign(delta)
        score = (chosen - s["probability"] + bonus * s["entropy_gradient"]) * use[head_of]
        actor_gradient = net_gradient(s["actor"], s["input"], s["actor_normal"], s["actor_scale"], score)
        critic_gradient = net_gradient(s["critic"], s["input"], s["critic_normal"], s["critic_scale"], jnp.ones(1))
        faded = decay * s["envelope"]
        envelope = jnp.where(use == 1, 1.0, jnp.where(faded > ENVELOPE_FLOOR, faded, 0.0))
        logit_decay = jnp.where(envelope[head_of] > 0, decay, 0.0)
        kappas = GENES["kappa_actor"], GENES["kappa_critic"]
        actor, actor_z = update_net(s["actor"], s["actor_z"], actor_gradient, decay, logit_decay, kappas[0], delta)
        critic, critic_z = update_net(
            s["critic"], s["critic_z"], critic_gradient, decay, jnp.full(1, decay), kappas[1], delta
        )
        nets = {"actor": actor, "actor_z": actor_z, "critic": critic, "critic_z": critic_z}
        return {**s, **nets, **moments, "envelope": envelope}

    def step_agent(s, observation, reward, tick, agent):
        """One tick of one agent: normalise, learn from the previous action unless there is none, evaluate, sample."""
        x, moments = normalise_input(s, observation)
        learned = learn(s, x, reward)
        s = jax.tree_util.tree_map(lambda now, before: jnp.where(s["fresh"], before, now), learned, s)
        value, critic_normal, critic_scale = forward(s["critic"], x)
        logits, actor_normal, actor_scale = forward(s["actor"], x)
        probability, slope = softmax_heads(logits)
        words = jnp.concatenate([pcg4d(tick, agent, STREAM_A), pcg4d(tick, agent, STREAM_B)])
        return {
            **s,
            **moments,
            "input": x,
            "value": value[0],
            "critic_normal": critic_normal,
            "critic_scale": critic_scale,
            "actor_normal": actor_normal,
            "actor_scale": actor_scale,
            "probability": probability,
            "entropy_gradient": slope,
            "action": sample(probability, unit(words)).astype(jnp.int32),
            "fresh": jnp.zeros((), bool),
        }

    step_agents = jax.vmap(step_agent, in_axes=(0, 0, 0, None, 0))
    ids = jnp.arange(agents, dtype=jnp.uint32)

    def newborns():
        key = jax.random.PRNGKey(seed)

        def net(key, outputs):
            a, b = jax.random.split(key)
            uniform = lambda k, shape, fan_in: jax.random.uniform(k, shape, jnp.float32, -1, 1) / fan_in**0.5
            return {
                "hidden": uniform(a, (agents, HIDDEN, INPUTS), INPUTS),
                "hidden_bias": jnp.zeros((agents, HIDDEN)),
                "output": uniform(b, (agents, outputs, HIDDEN), HIDDEN),
                "output_bias": jnp.zeros((agents, outputs)),
            }

        zeros = lambda *shape: jnp.zeros((agents, *shape))
        a, b = jax.random.split(key)
        actor, critic = net(a, LOGITS), net(b, 1)
        empty = lambda net: {name: jnp.zeros_like(part) for name, part in net.items()}
        return {
            "actor": actor,
            "actor_z": empty(actor),
            "critic": critic,
            "critic_z": empty(critic),
            "input_mean": zeros(INPUTS),
            "input_variance": jnp.ones((agents, INPUTS)),
            "input_count": zeros(),
            "input": zeros(INPUTS),
            "actor_normal": zeros(HIDDEN),
            "actor_scale": zeros(),
            "critic_normal": zeros(HIDDEN),
            "critic_scale": zeros(),
            "probability": zeros(LOGITS),
            "entropy_gradient": zeros(LOGITS),
            "value": zeros(),
            "reward_mean": zeros(),
            "reward_variance": jnp.ones(agents),
            "reward_count": zeros(),
            "envelope": zeros(len(HEADS)),
            "action": jnp.zeros((agents, len(HEADS)), jnp.int32),
            "fresh": jnp.ones(agents, bool),
        }

    def clear(side, level, quantity, word):
        """A call auction: fills, clearing level, volume. side 1 buys, -1 sells; rationing in rotated order."""
        ordered = lambda which: jnp.zeros(LEVELS, jnp.int32).at[level].add(jnp.where(side == which, quantity, 0))
        bids, asks = ordered(1), ordered(-1)
        demand = jnp.cumsum(bids[::-1])[::-1]
        supply = jnp.cumsum(asks)
        traded, gap = jnp.minimum(demand, supply), jnp.abs(demand - supply)
        volume = jnp.max(traded)
        least = jnp.min(jnp.where(traded == volume, gap, 2**31 - 1))
        best = (traded == volume) & (gap == least)
        first = jnp.argmax(best)
        chosen = first + (jnp.sum(best) - 1) // 2
        bid_rest = jnp.clip(volume - (demand - bids), 0, bids)
        ask_rest = jnp.clip(volume - (supply - asks), 0, asks)
        start = (word % jnp.uint32(agents)).astype(jnp.int32)

        def rationed(which, rest, total):
            """All of what is better than the margin; the margin in rotated order by an exclusive prefix sum."""
            mine = side == which
            margin = jnp.argmax((rest > 0) & (rest < total))
            partial = jnp.any((rest > 0) & (rest < total))
            at_margin = mine & (level == margin) & partial
            q = jnp.where(at_margin, quantity, 0)
            before = jnp.cumsum(q) - q
            before = before - before[start]
            before = jnp.where(before < 0, before + total[margin], before)
            ration = jnp.clip(rest[margin] - before, 0, q)
            whole = jnp.where(mine & (rest[level] == total[level]), quantity, 0)
            return jnp.where(at_margin, ration, whole)

        return rationed(1, bid_rest, bids) + rationed(-1, ask_rest, asks), jnp.where(volume > 0, chosen, -1), volume

    def observe(m):
        """32 features out of an agent's own money and the last auction."""
        shared = jnp.stack([m["price"].astype(jnp.float32), m["volume"].astype(jnp.float32)])
        own = jnp.stack([m["cash"].astype(jnp.float32), m["units"].astype(jnp.float32), m["filled"].astype(jnp.float32)], 1)
        seen = jnp.concatenate([own, jnp.broadcast_to(shared, (agents, 2))], 1)
        powers = [seen, jnp.sqrt(jnp.abs(seen)), seen * m["skill"][:, None], jnp.log1p(jnp.abs(seen))]
        wide = jnp.concatenate(powers + [seen[:, :1] * seen], 1)
        return jnp.concatenate([wide, jnp.ones((agents, INPUTS - wide.shape[1]))], 1)

    def trade(m, action, tick):
        mode, quote = action[:, 0], action[:, 3]
        side = jnp.where(mode == 0, -1, jnp.where(mode < 3, 1, 0))
        steps = jnp.where(side < 0, jnp.array(ASK_STEPS)[quote], jnp.array(BID_STEPS)[quote])
        level = jnp.clip(m["price"] + steps, 1, LEVELS - 1)
        afford = m["cash"] // level
        quantity = jnp.where(side > 0, jnp.minimum(8, afford), jnp.where(side < 0, jnp.minimum(8, m["units"]), 0))
        word = pcg4d(tick, u32(0xFFFFFFFF), STREAM_MARGIN)[0]
        fill, chosen, volume = clear(side, level, quantity, word)
        price = jnp.where(chosen >= 0, chosen, m["price"])
        cash = m["cash"] - side * fill * price
        # a unit bought is used up within the tick and pays by skill; capacity is new every tick
        worth = jnp.where(side > 0, (fill * m["skill"] * 2 * m["price"]).astype(jnp.int32), 0)
        after = jnp.maximum(0, cash + worth - 4)
        reward = (after - m["cash"]).astype(jnp.float32)
        return {**m, "cash": after, "units": m["units0"], "filled": side * fill, "price": price, "volume": volume}, reward

    def market():
        words = jax.vmap(lambda agent: pcg4d(0, agent, STREAM_MARGIN))(ids)
        units = (words[:, 1] >> 29).astype(jnp.int32) + 1
        return {
            "cash": jnp.full(agents, START_CASH, jnp.int32),
            "units": units,
            "units0": units + 0,
            "filled": jnp.zeros(agents, jnp.int32),
            "skill": unit(words[:, 0]),
            "price": jnp.array(LEVELS // 2, jnp.int32),
            "volume": jnp.array(0, jnp.int32),
        }

    def brain_ticks(carry, ticks):
        def one(carry, tick):
            s, base = carry
            wave = jnp.sin(tick.astype(jnp.float32) + jnp.arange(INPUTS))
            s = step_agents(s, base + wave, base[:, 0] * wave[0], tick, ids)
            return (s, base), None

        return lax.scan(one, carry, ticks)[0]

    def market_ticks(carry, ticks):
        def one(carry, tick):
            s, m, reward = carry
            s = step_agents(s, observe(m), reward, tick, ids)
            m, reward = trade(m, s["action"], tick)
            return (s, m, reward), m["volume"]

        return lax.scan(one, carry, ticks)

    starts = {
        "brain": lambda: (newborns(), jax.random.normal(jax.random.PRNGKey(seed + 1), (agents, INPUTS))),
        "tick": lambda: (newborns(), market(), jnp.zeros(agents)),
    }
    runs = {
        "brain": jax.jit(brain_ticks, donate_argnums=0),
        "tick": jax.jit(lambda carry, ticks: market_ticks(carry, ticks)[0], donate_argnums=0),
    }
    return starts, runs


def copy_bandwidth(jax, jnp, repeats):
    """Bytes per second of reading one array and writing it to another place."""
    twin = jax.jit(lambda x: x + 1)
    x = jnp.zeros(COPY_FLOATS, jnp.float32)
    rates = []
    for repeat in range(repeats + 2):
        started = time.perf_counter()
        y = twin(x).block_until_ready()
        if repeat >= 2:
            rates.append(2 * x.nbytes / (time.perf_counter() - started))
        del y
    return statistics.median(rates)


def measure(jax, jnp, what, start, run, options, bandwidth):
    """Warm, then the median and range over repeats of agent-steps per second."""
    carry = start()
    state, *brought = carry
    leaves = jax.tree_util.tree_leaves
    moved = (2 * sum(x.nbytes for x in leaves(state)) + sum(x.nbytes for x in leaves(brought))) / options.agents
    first = 0
    rates = []
    for repeat in range(options.repeats + 2):
        ticks = jnp.arange(first, first + options.ticks)
        first += options.ticks
        started = time.perf_counter()
        carry = run(carry, ticks)
        jax.block_until_ready(carry)
        # the first compiles, the second settles
        if repeat >= 2:
            rates.append(options.agents * options.ticks / (time.perf_counter() - started))
    finite = bool(jnp.isfinite(carry[0]["value"]).all())
    median = statistics.median(rates)
    return {
        "name": f"jax {what}",
        "engine": "jax",
        "agents": options.agents,
        "agentStepsPerSecond": {"median": median, "min": min(rates), "max": max(rates)},
        "bytesPerAgentStep": moved,
        "bandwidthShare": median * moved / bandwidth,
        "finite": finite,
    }


def main(argv):
    options = arguments(argv)
    try:
        import jax
        import jax.numpy as jnp
        from jax import lax
    except ImportError as error:
        print(f"error: JAX is not installed: {error} (pip install 'jax[cuda12]')", file=sys.stderr)
        return 3
    device = jax.devices()[0]
    bandwidth = copy_bandwidth(jax, jnp, options.repeats)
    starts, runs = build(jax, jnp, lax, options.agents, options.seed)
    results = [measure(jax, jnp, what, starts[what], runs[what], options, bandwidth) for what in options.what]
    hardware = {"device": device.device_kind, "platform": device.platform, "jax": jax.__version__}
    if options.json:
        print(json.dumps({"hardware": hardware, "copyBytesPerSecond": bandwidth, "results": results}))
    else:
        print(f"{device.device_kind} ({device.platform}), jax {jax.__version__}, copy {bandwidth / 1e9:.0f} GB/s")
        for row in results:
            rate = row["agentStepsPerSecond"]
            print(
                f"{row['name']}: {rate['median'] / 1e6:.2f}M agent-steps/s "
                f"({rate['min'] / 1e6:.2f}M to {rate['max'] / 1e6:.2f}M), {options.agents} agents, "
                f"{row['bytesPerAgentStep']:.0f} bytes per agent-step, "
                f"{100 * row['bandwidthShare']:.0f} % of copy bandwidth"
            )
    # a run whose numbers are not finite measured something else
    return 0 if all(row["finite"] for row in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
