import MathCell
import NimmerBusNATS
import NimmerCell
import NimmerSystemFile

@main
struct Main {
    static func main() async { await Calculator.run(on: NATS.connector, reading: YAML.reader) }
}
