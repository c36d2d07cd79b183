using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>Reads the server-sent events of an answer.</summary>
internal static class EventStream
{
    /// <exception cref="ApiProblemException">The server gave up in the middle and said why.</exception>
    /// <exception cref="EndOfStreamException">The stream broke before its last event.</exception>
    public static async IAsyncEnumerable<QueryStep> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SseParser<string> parser = SseParser.Create(stream);
        await foreach (SseItem<string> item in parser.EnumerateAsync(cancellationToken).ConfigureAwait(false))
        {
            switch (item.EventType)
            {
                case "token":
                    yield return Parse(item.Data, ClientJson.Default.QueryText);
                    break;
                case "done":
                    yield return new QueryDone(Parse(item.Data, ClientJson.Default.QueryAnswer));
                    yield break;
                case "error":
                    throw new ApiProblemException(Parse(item.Data, ClientJson.Default.Problem));
                default:
                    break; // A newer server may tell more.
            }
        }

        throw new EndOfStreamException("The answer broke off: the connection was closed before its last event.");
    }

    /// <summary>Follows long work to its report.</summary>
    /// <exception cref="ApiProblemException">The server gave up in the middle and said why.</exception>
    /// <exception cref="EndOfStreamException">The stream broke before its last event.</exception>
    public static async Task<T> FollowAsync<T>(Stream stream, JsonTypeInfo<T> report, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        SseParser<string> parser = SseParser.Create(stream);
        await foreach (SseItem<string> item in parser.EnumerateAsync(cancellationToken).ConfigureAwait(false))
        {
            switch (item.EventType)
            {
                case "progress":
                    progress?.Report(Parse(item.Data, ClientJson.Default.StoreProgress));
                    break;
                case "done":
                    return Parse(item.Data, report);
                case "error":
                    throw new ApiProblemException(Parse(item.Data, ClientJson.Default.Problem));
                default:
                    break; // A newer server may tell more.
            }
        }

        throw new EndOfStreamException("The work was left: the connection was closed before its last event.");
    }

    private static T Parse<T>(string data, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(data, type) ?? throw new JsonException("The server sent null in an event.");
}
