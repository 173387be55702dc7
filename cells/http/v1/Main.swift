import HTTPCell
import NimmerBusNATS
import NimmerCell
import NimmerHTTP
import NimmerSystemFile

@main
enum Main {
    static func main() async { await HTTPProbe<CurlClient>.run(on: NATS.connector, reading: YAML.reader) }
}
