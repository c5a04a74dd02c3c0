import Foundation
import Glibc
import PluginAPI
import Testing

@testable import Proxy

@Suite("The event loop", .timeLimit(.minutes(5)))
struct EventLoopTests {
    @Test("work from other threads runs on the loop's, once each and in each thread's order")
    func submitted() throws {
        let running = try LoopThread()
        let (threads, count) = (4, 5000)
        let seen = Watched([[Int]](repeating: [], count: threads))
        let strays = Watched(0)
        for thread in 0..<threads {
            Thread.detachNewThread {
                for number in 0..<count {
                    running.loop.submit {
                        if !running.loop.isCurrent { strays.change { $0 += 1 } }
                        seen.change { $0[thread].append(number) }
                    }
                }
            }
        }
        let all = try seen.wait(for: "all work") { $0.allSatisfy { $0.count == count } }
        #expect(all.allSatisfy { $0.elementsEqual(0..<count) })
        #expect(strays.current == 0)
        #expect(!running.loop.isCurrent)
    }

    @Test("work that the loop gives itself runs after what is under way, before it waits")
    func own() throws {
        let running = try LoopThread()
        let order = Watched<[String]>([])
        @Sendable func note(_ text: String) { order.change { $0.append(text) } }
        running.loop.submit {
            running.loop.submit {
                running.loop.submit { note("third") }
                note("second")
            }
            note("first")
        }
        try order.wait(for: "all three") { $0 == ["first", "second", "third"] }
    }

    @Test("a task that prefers the loop runs there, also after it has waited")
    func tasks() async throws {
        let running = try LoopThread()
        let loop = running.loop
        let places = await Task(executorPreference: loop) {
            var places = [loop.isCurrent]
            await Task.yield()
            places.append(loop.isCurrent)
            await withCheckedContinuation { continuation in
                Thread.detachNewThread { continuation.resume() }
            }
            places.append(loop.isCurrent)
            return places
        }.value
        #expect(places == [true, true, true])
    }

    @Test("a task that starts on the loop and does not wait is done when its start returns")
    func immediateTasks() throws {
        let running = try LoopThread()
        let loop = running.loop
        let (isDone, wasDone) = (Watched(false), Watched<Bool?>(nil))
        loop.submit {
            Task.immediate(executorPreference: loop) { isDone.change { $0 = true } }
            wasDone.change { $0 = isDone.current }
        }
        #expect(try wasDone.wait(for: "the work") { $0 != nil } == true)
    }

    @Test("many tasks at once come back to the loop in the end")
    func manyTasks() async throws {
        let running = try LoopThread()
        let loop = running.loop
        let count = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask(executorPreference: loop) {
                    for _ in 0..<10 { await Task.yield() }
                    return loop.isCurrent
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(count == 200)
    }

    // MARK: - Descriptors

    @Test("a descriptor is told to be readable as long as there is something to read")
    func levelTriggered() throws {
        let running = try LoopThread()
        let pipe = try SocketPair()
        let reader = ScriptedHandler { reader, events in
            guard events.contains(.readable), reader.calls == 3 else { return }
            _ = reader.read(pipe.ours)
        }
        try running.perform { running.loop.register(pipe.ours, .readable, reader) }
        pipe.write("x")
        try reader.texts.wait(for: "the byte") { $0 == ["x"] }
        try running.perform {
            #expect(reader.calls == 3)
            running.loop.unregister(pipe.ours)
        }
    }

    @Test("an edge is told once")
    func edgeTriggered() throws {
        let running = try LoopThread()
        let (quiet, other) = (try SocketPair(), try SocketPair())
        let edge = ScriptedHandler { _, _ in }
        let level = ScriptedHandler { reader, _ in
            if reader.calls == 5 { _ = reader.read(other.ours) }
        }
        try running.perform {
            running.loop.register(quiet.ours, [.readable, .edgeTriggered], edge)
            running.loop.register(other.ours, .readable, level)
        }
        quiet.write("x")
        other.write("y")
        try level.texts.wait(for: "five turns") { $0 == ["y"] }
        try running.perform {
            #expect(edge.calls == 1)
            running.loop.unregister(quiet.ours)
            running.loop.unregister(other.ours)
        }
    }

    @Test("what is watched can change, and the other end's close is told")
    func modified() throws {
        let running = try LoopThread()
        let pair = try SocketPair()
        let seen = Watched<[Events]>([])
        let handler = ScriptedHandler { handler, events in
            seen.change { $0.append(events) }
            // As long as it is told, the loop would come back for it; an end cannot be left out.
            if handler.calls == 1 {
                running.loop.modify(pair.ours, [])
            } else {
                running.loop.unregister(pair.ours)
            }
        }
        try running.perform { running.loop.register(pair.ours, .writable, handler) }
        try seen.wait(for: "room to write") { $0 == [.writable] }
        try running.turn()
        try running.perform { running.loop.modify(pair.ours, [.readable, .peerClosed]) }
        pair.closeTheirs()
        let events = try seen.wait(for: "the end") { $0.count > 1 }
        #expect(events.count == 2 && events[1].isSuperset(of: [.readable, .peerClosed]))
    }

    @Test("an event of a turn is not told to who has the descriptor's number since")
    func staleEvents() throws {
        let running = try LoopThread()
        // Two are ready in one turn; whichever comes first puts a new one in the other's place.
        let pairs = [try SocketPair(), try SocketPair()]
        let fresh = try SocketPair()
        let old = Watched<[Int]>([])
        let new = Watched(0)
        let newHandler = ScriptedHandler { _, _ in new.change { $0 += 1 } }
        let handlers = [0, 1].map { mine in
            ScriptedHandler { _, _ in
                let isFirst = old.change { list in
                    list.append(mine)
                    return list.count == 1
                }
                running.loop.unregister(pairs[mine].ours)
                guard isFirst else { return }
                let number = pairs[1 - mine].ours
                running.loop.unregister(number)
                // Closes it, and gives its number to another socket.
                dup2(fresh.ours, number)
                running.loop.register(number, .readable, newHandler)
            }
        }
        try running.perform {
            for (pair, handler) in zip(pairs, handlers) {
                running.loop.register(pair.ours, .readable, handler)
                pair.write("x")
            }
        }
        try old.wait(for: "the first") { !$0.isEmpty }
        try running.turn()
        #expect(old.current.count == 1)
        #expect(new.current == 0)
        // It hears of what is its own.
        fresh.write("y")
        try new.wait(for: "the new one's event") { $0 > 0 }
        try running.perform {
            running.loop.unregister(pairs[1 - old.current[0]].ours)
        }
    }

    @Test("a handler lives until its descriptor is not watched any more")
    func handlerLife() throws {
        let running = try LoopThread()
        let pair = try SocketPair()
        weak var weakReader: ScriptedHandler?
        let calls = Watched(0)
        try running.perform {
            let reader = ScriptedHandler { reader, _ in
                _ = reader.read(pair.ours)
                calls.change { $0 += 1 }
            }
            weakReader = reader
            running.loop.register(pair.ours, .readable, reader)
        }
        pair.write("x")
        try calls.wait(for: "the event") { $0 == 1 }
        #expect(weakReader != nil)
        try running.perform { running.loop.unregister(pair.ours) }
        #expect(weakReader == nil)
    }

    // MARK: - Turns

    @Test("a turn is its events, then due timers, then work, then what comes at its end")
    func order() throws {
        let running = try LoopThread()
        let pair = try SocketPair()
        let order = Watched<[String]>([])
        @Sendable func note(_ text: String) { order.change { $0.append(text) } }
        let reader = ScriptedHandler { reader, _ in
            _ = reader.read(pair.ours)
            note("event")
        }
        let bell = Bell { note("timer") }
        let participant = ScriptedParticipant { turn in
            note("end")
            return false
        }
        try running.perform {
            running.loop.register(pair.ours, .readable, reader)
            running.loop.timers.set(bell.timer, at: running.loop.now + .milliseconds(1))
            running.loop.addParticipant(participant)
            pair.write("x")
            // Everything is due before the next turn begins.
            let end = SystemTime().monotonic + .milliseconds(20)
            while SystemTime().monotonic < end {}
            running.loop.submit { running.loop.submit { note("late work") } }
            order.change { $0 = [] }
        }
        try order.wait(for: "all") { $0.contains("event") && $0.contains("timer") }
        try running.turn()
        let noted = order.current
        // The turn under way had its own work and its own end first.
        let next = noted[noted.firstIndex(of: "event")!...]
        #expect(noted.prefix { $0 != "event" }.contains("late work"))
        #expect(next.prefix(3) == ["event", "timer", "end"])
        try running.perform { running.loop.unregister(pair.ours) }
    }

    @Test("who has done something at a turn's end makes the loop ask the others again")
    func participants() throws {
        let running = try LoopThread()
        let order = Watched<[String]>([])
        let hasWork = Watched(false)
        // The second gives the first work.
        let first = ScriptedParticipant { _ in
            let had = hasWork.change { value in
                defer { value = false }
                return value
            }
            if had { order.change { $0.append("first") } }
            return had
        }
        let second = ScriptedParticipant { turn in
            guard turn == 1 else { return false }
            order.change { $0.append("second") }
            hasWork.change { $0 = true }
            return true
        }
        try running.perform {
            running.loop.addParticipant(first)
            running.loop.addParticipant(second)
        }
        try order.wait(for: "both") { $0 == ["second", "first"] }
    }

    @Test("one who always has something to do does not keep others from their turn")
    func busyParticipant() throws {
        let running = try LoopThread()
        let pair = try SocketPair()
        let busy = ScriptedParticipant { _ in true }
        let reader = ScriptedHandler { reader, _ in _ = reader.read(pair.ours) }
        try running.perform {
            running.loop.addParticipant(busy)
            running.loop.register(pair.ours, .readable, reader)
        }
        pair.write("x")
        try reader.texts.wait(for: "an event") { $0 == ["x"] }
        try running.turn()
        // It is asked again at once, with no event to wake the loop.
        let asked = try running.perform { busy.turns }
        try running.turn()
        #expect(try running.perform { busy.turns } > asked)
        try running.perform { running.loop.unregister(pair.ours) }
    }

    @Test("a timer wakes a loop that has nothing else, and the loop rests until then")
    func timer() throws {
        let running = try LoopThread()
        let fired = Watched<MonotonicTime?>(nil)
        let bell = Bell { fired.change { $0 = SystemTime().monotonic } }
        let counter = ScriptedParticipant { _ in false }
        let began = try running.perform {
            running.loop.addParticipant(counter)
            running.loop.timers.set(bell.timer, at: running.loop.now + .milliseconds(60))
            return running.loop.now
        }
        let end = try fired.wait(for: "the timer") { $0 != nil }!
        #expect(end - began >= .milliseconds(60))
        #expect(try running.perform { counter.turns } < 10)
    }

    @Test("the time stands still within a turn")
    func now() throws {
        let time = RunningTime()
        let running = try LoopThread(time)
        let pairs = [try SocketPair(), try SocketPair()]
        let seen = Watched<[MonotonicTime]>([])
        let readers = pairs.map { pair in
            ScriptedHandler { reader, _ in
                _ = reader.read(pair.ours)
                seen.change { $0.append(running.loop.now) }
            }
        }
        try running.perform {
            for (pair, reader) in zip(pairs, readers) {
                running.loop.register(pair.ours, .readable, reader)
                pair.write("x")
            }
            running.loop.submit { seen.change { $0.append(running.loop.now) } }
        }
        let times = try seen.wait(for: "all three") { $0.count == 3 }
        #expect(times[0] < times[1] && times[1] == times[2])
        try running.perform { for pair in pairs { running.loop.unregister(pair.ours) } }
    }

    @Test("to stop lets the turn end, and nothing run after it")
    func stops() throws {
        let loop = try EventLoop()
        let (ended, late) = (Watched(false), Watched<[String]>([]))
        Thread.detachNewThread {
            loop.run()
            ended.change { $0 = true }
        }
        loop.submit {
            loop.stop()
            loop.submit { late.change { $0.append("same turn") } }
        }
        try ended.wait(for: "the loop's end") { $0 }
        loop.submit { late.change { $0.append("after the end") } }
        #expect(late.current == ["same turn"])
        #expect(!loop.isCurrent)
    }
}
