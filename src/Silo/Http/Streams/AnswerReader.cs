using System.Text;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Silo.Http.Streams;

/// <summary>
/// Reads the events of a query piece by piece and keeps what has come so far. Its disposal frees everything that the query holds, and counts its tokens:
/// those of an answer that nobody waited for to its end by its pieces.
/// </summary>
internal sealed class AnswerReader(RequestScope scope, IAsyncEnumerable<QueryEvent> query, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<QueryEvent> _events = query.GetAsyncEnumerator(cancellationToken);
    private readonly StringBuilder _text = new();
    private GenerationCompleted? _end;
    private int _pieces;

    /// <summary>The version that is read; known from the first step on.</summary>
    public VersionNumber Version { get; private set; }

    /// <summary>The newest piece of text; not empty after a step that found one.</summary>
    public string Piece { get; private set; } = string.Empty;

    /// <summary>All pieces so far.</summary>
    public string Text => _text.ToString();

    /// <summary>How the answer ended.</summary>
    /// <exception cref="LatentDbException">internal: it has not.</exception>
    public GenerationCompleted End => _end ?? throw new LatentDbException(ErrorCode.Internal, "The model ended an answer without its last event.");

    /// <summary>Goes on to the next piece of text; false = there is none, and the answer has ended.</summary>
    public async ValueTask<bool> NextPieceAsync()
    {
        Piece = string.Empty;
        while (await _events.MoveNextAsync().ConfigureAwait(false))
        {
            switch (_events.Current)
            {
                case QueryStarted started:
                    Version = started.Version;
                    break;
                case QueryGenerated { Event: GeneratedText { Text.Length: > 0 } text }:
                    Piece = text.Text;
                    _text.Append(text.Text);
                    _pieces++;
                    return true;
                case QueryGenerated { Event: GenerationCompleted end }:
                    _end = end;
                    break;
            }
        }

        return false;
    }

    /// <summary>Reads what is left.</summary>
    public async ValueTask ToEndAsync()
    {
        while (await NextPieceAsync().ConfigureAwait(false))
        {
            // The pieces are kept.
        }
    }

    public ValueTask DisposeAsync()
    {
        scope.ChargeTokens(_end is { } end ? end.Usage.PromptTokens + end.Usage.CompletionTokens : _pieces);
        return _events.DisposeAsync();
    }
}
