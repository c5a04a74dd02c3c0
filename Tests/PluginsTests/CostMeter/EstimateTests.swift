import PluginAPI
import PluginTesting
import Testing

@testable import Plugins

@Suite("The estimate of tokens")
struct EstimateTests {
    private typealias Metered = MeteredProxy

    /// A text in the tokens in which OpenAI's o200k cuts it.
    struct Text: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let tokens: [String]

        init(_ name: String, _ tokens: String) {
            testDescription = name
            self.tokens = tokens.split(separator: "|").map(String.init)
        }
    }

    static let texts = [
        Text(
            "English",
            "A| reverse| proxy| stands| in| front| of| one| or| more| servers| and| answers| for| them|.| Clients| connect| to| it| as| if| it| were| the| server| itself|,| and| it| decides| where| each| request| goes|.| It| can| share| the| load| between| machines|,| keep| the| addresses| of| the| servers| hidden|,| and| hold| connections| open| so| that| a| slow| client| does| not| keep| a| fast| server| busy|.| Because| every| request| passes| through| it|,| it| is| also| the| natural| place| to| limit|,| to| measure|,| and| to| record| what| happens|.| The| price| of| that| position| is| that| its| own| failures| are| seen| by| everyone|,| so| it| has| to| be| simple|,| predictable|,| and| careful| with| memory|."
        ),
        Text(
            "code",
            "func| median|(of| values|:| [|Double|])| ->| Double|?| {\n|   | guard| !|values|.is|Empty| else| {| return| nil| }\n|   | let| sorted| =| values|.sorted|()\n|   | let| middle| =| sorted|.count| /| |2|\n|   | if| sorted|.count| %| |2| ==| |1| {\n|       | return| sorted|[m|iddle|]\n|   | }\n|   | return| (|sorted|[m|iddle| -| |1|]| +| sorted|[m|iddle|])| /| |2|\n|}\n\n|for| (|name|,| samples|)| in| measurements| {\n|   | if| let| value| =| median|(of|:| samples|)| {\n|       | print|(\"\\|(|name|):| \\(|value|)\")\n|   | }\n|}\n"
        ),
        Text(
            "German",
            "Ein| Vermitt|ler| steht| vor| einem| oder| mehreren| Server|n| und| antwort|et| an| ihrer| Stelle|.| Die| Clients| verbinden| sich| mit| ihm|,| als| wäre| er| der| Server| selbst|,| und| er| entscheidet|,| woh|in| jede| Anfrage| geht|.| Er| kann| die| Last| auf| mehrere| Rechner| verte|ilen|,| die| Ad|ressen| der| Server| ver|bergen| und| Ver|bindungen| offen| halten|,| damit| ein| langs|amer| Client| keinen| schnellen| Server| beschäftigt|."
        ),
        Text(
            "Chinese",
            "反|向|代理|位|于|一|台|或|多|台|服务器|之前|，|代|替|它|们|回答|请求|。|客户端|像|连接|服务器|本|身|一样|连接|到|它|，由|它|决定|每|个|请求|发|往|何|处|。|它|可以|在|多|台|机器|之间|分|担|负|载|，|隐藏|服务器|的|地址|，并|保持|连接|，使|慢|速|的|客户端|不会|占|用|快速|的|服务器|。"
        ),
    ]

    /// How a provider writes a piece of what it generates.
    static let forms: [@Sendable (String) -> String] = [
        { Metered.chunk($0) },
        { #"{"model":"small","choices":[{"index":0,"delta":{"reasoning_content":"\#($0)"}}]}"# },
        {
            #"{"model":"small","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\#($0)"}}]}}]}"#
        },
        { #"{"model":"small","choices":[{"index":0,"text":"\#($0)"}]}"# },
        { #"{"type":"response.output_text.delta","delta":"\#($0)"}"# },
        {
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\#($0)"}}"#
        },
        {
            #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\#($0)"}}"#
        },
        {
            #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"\#($0)"}}"#
        },
    ]

    private static func escaped(_ text: String, asCodes: Bool = false) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "\n": return "\\n"
            case "\"", "\\": return "\\\(scalar)"
            case _ where asCodes && scalar.value >= 0x80:
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: return String(scalar)
            }
        }.joined()
    }

    @Test(
        "a client that leaves is charged within a quarter of the tokens that it was sent, wherever it leaves",
        arguments: texts)
    func leaves(text: Text) async throws {
        let metered = try MeteredProxy()
        for count in stride(from: 30, through: text.tokens.count, by: 7) {
            metered.stream(
                text.tokens[..<count].map { Metered.chunk(Self.escaped($0)) },
                ending: .clientLeaves)
            let result = try await metered.send(Metered.streamed)
            let output = try #require(result.usage?.output)
            #expect(
                abs(Double(output) / Double(count) - 1) < 0.25, "\(output) for \(count)")
            let input = try #require(result.usage?.input)
            #expect(
                result[Facts.cost]?.amount
                    == Money(picodollars: Int64(input * 1_000_000 + output * 10_000_000)))
        }
    }

    @Test(
        "in whatever form a provider writes it, the same text is estimated the same",
        arguments: forms.indices)
    func everyForm(index: Int) async throws {
        let text = Self.texts[1].tokens
        let chat = try await output(of: text.map { Self.forms[0](Self.escaped($0)) })
        #expect(try await output(of: text.map { Self.forms[index](Self.escaped($0)) }) == chat)
    }

    @Test(
        "characters that are written as codes are estimated as those that are not",
        arguments: [2, 3])
    func codes(index: Int) async throws {
        let text = Self.texts[index].tokens
        let plain = try await output(of: text.map { Metered.chunk(Self.escaped($0)) })
        let coded = try await output(
            of: text.map { Metered.chunk(Self.escaped($0, asCodes: true)) })
        #expect(plain == coded)
    }

    private func output(of events: [String]) async throws -> Int? {
        let metered = try MeteredProxy()
        metered.stream(events, ending: .clientLeaves)
        return try await metered.send(Metered.streamed).usage?.output
    }

    @Test("of text in eights and rests, every byte is counted once")
    func everyByte() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<2000 {
            let characters = (0..<Int.random(in: 0...400, using: &random)).map { _ in
                ["a", "Z", " ", "7", "-", "\u{7F}", "é", "я", "中", "😀", "_", "{"].randomElement(
                    using: &random)!
            }
            var measure = TextMeasure()
            Array(characters.joined().utf8).withUnsafeBufferPointer { measure.add($0) }
            func count(_ wanted: String...) -> Int { characters.count { wanted.contains($0) } }
            #expect(measure.letters == count("a", "Z"))
            #expect(measure.spaces == count(" "))
            #expect(measure.digits == count("7"))
            #expect(measure.marks == count("-", "\u{7F}", "_", "{"))
            #expect(measure.twoBytes == count("é", "я"))
            #expect(measure.threeBytes == count("中"))
            #expect(measure.fourBytes == count("😀"))
        }
    }
}
