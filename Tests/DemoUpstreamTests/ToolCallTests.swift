import Foundation
import Testing

@Suite struct ToolCallTests {
    let upstream: RunningServer

    init() throws {
        upstream = try RunningServer()
    }

    private func body(_ more: String, lastRole: String = "user") -> String {
        #"""
        {"model":"m","messages":[{"role":"\#(lastRole)","content":"x"}],\#(more)
         "tools":[{"type":"function","function":{"name":"weather","parameters":{
           "type":"object","required":["city","unit","days"],"properties":{
             "city":{"type":"string"},"unit":{"enum":["celsius","kelvin"]},"days":{"type":"integer"},
             "more":{"type":"boolean"}}}}},
           {"type":"function","function":{"name":"clock"}}]}
        """#
    }

    private func weatherArguments(_ text: String?) throws -> [String: Any] {
        let data = Data(try #require(text).utf8)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("a request with tools is answered with a call of the first, by its schema")
    func plain() throws {
        let choice = try upstream.chat(body("")).object().choice()
        #expect(choice["finish_reason"] as? String == "tool_calls")
        #expect(choice.at("message", "content") is NSNull)
        let calls = try #require(choice.at("message", "tool_calls") as? [[String: Any]])
        #expect(calls.count == 1)
        #expect(calls[0]["type"] as? String == "function")
        #expect((calls[0]["id"] as? String)?.hasPrefix("call_") == true)
        #expect(calls[0].at("function", "name") as? String == "weather")
        let arguments = try weatherArguments(calls[0].at("function", "arguments") as? String)
        #expect(Set(arguments.keys) == ["city", "unit", "days"])
        #expect(arguments["unit"] as? String == "celsius")
        #expect(arguments["days"] as? Int == 1)
    }

    @Test("a streamed call names the function first, then sends its arguments in pieces")
    func streamed() throws {
        let answer = try upstream.chat(body(#""stream":true,"#), headers: ["x-demo-chunks: 5"])
        let events = try answer.events()
        let calls = try events.compactMap { event in
            (try event.choice().at("delta", "tool_calls") as? [[String: Any]])?.first
        }
        #expect(calls.count == 6)
        #expect(calls.first?.at("function", "name") as? String == "weather")
        #expect(calls.first?["id"] is String)
        #expect(calls.allSatisfy { $0["index"] as? Int == 0 })
        let text = calls.compactMap { $0.at("function", "arguments") as? String }.joined()
        #expect(try weatherArguments(text).count == 3)
        #expect(try events.last?.choice()["finish_reason"] as? String == "tool_calls")
    }

    @Test("tool_choice chooses the tool, or none")
    func choice() throws {
        let named = try upstream.chat(
            body(#""tool_choice":{"type":"function","function":{"name":"clock"}},"#))
        let calls = try named.object().choice().at("message", "tool_calls") as? [[String: Any]]
        #expect(calls?.first?.at("function", "name") as? String == "clock")
        let none = try upstream.chat(body(#""tool_choice":"none","#))
        #expect(try none.object().choice()["finish_reason"] as? String == "stop")
        let unknown = try upstream.chat(body(#""tool_choice":{"function":{"name":"radio"}},"#))
        #expect(unknown.status == 400)
    }

    @Test("a tool's result is answered with text, so that a loop of calls ends")
    func result() throws {
        let choice = try upstream.chat(body("", lastRole: "tool")).object().choice()
        #expect(choice["finish_reason"] as? String == "stop")
    }
}
