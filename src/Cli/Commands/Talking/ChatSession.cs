using System.Runtime.CompilerServices;
using System.Text;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Talking;

/// <summary>A conversation with one memory: which version is read, and the last turns.</summary>
internal sealed class ChatSession(MemoryClient memory, QueryRequest options, int turns, Remembered remembered)
{
    private readonly List<Message> _history = [];

    public MemoryClient Memory => memory;

    /// <summary>The version that is read; null = the newest.</summary>
    public string? At { get; set; } = options.At;

    /// <summary>Asks with the last turns before it. A question that fails leaves no turn behind.</summary>
    public async IAsyncEnumerable<QueryStep> AskAsync(string question, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var asked = new Message("user", question);
        QueryRequest request = options with { At = At, Messages = [.. _history, asked] };
        var answer = new StringBuilder();
        await foreach (QueryStep step in memory.StreamAsync(request, cancellationToken).ConfigureAwait(false))
        {
            if (step is QueryText piece) answer.Append(piece.Text);
            yield return step;
        }

        // A model that has nothing to say leaves no turn: an empty message is none, and the server refuses it.
        Last = answer.Length == 0 ? [asked] : [asked, new Message("assistant", answer.ToString())];
        if (Last.Count == 2) _history.AddRange(Last);
        if (_history.Count > turns * 2) _history.RemoveRange(0, _history.Count - (turns * 2));
    }

    /// <summary>The last question, and its answer when there was one; empty before the first.</summary>
    public IReadOnlyList<Message> Last { get; private set; } = [];

    /// <summary>Injects of the last turn what --remember says; returns the version, or null when nothing was to be written.</summary>
    public async Task<long?> RememberAsync(CancellationToken cancellationToken)
    {
        if (remembered == Remembered.None) return null;
        IReadOnlyList<Message> kept = [.. Last.Take(remembered == Remembered.User ? 1 : 2)];
        InjectAnswer answer = await memory.InjectAsync(new InjectRequest { Messages = kept }, null, cancellationToken).ConfigureAwait(false);
        return answer.Version;
    }

    /// <summary>Forgets the turns; the memory stays as it is.</summary>
    public void StartAnew() => _history.Clear();
}
