import NimmerBusNATS
import NimmerCell
import NimmerHTTP
import NimmerSystemFile
import WebhookCell

@main
enum Main {
    static func main() async { await Webhook<CurlClient>.run(on: NATS.connector, reading: YAML.reader) }
}
