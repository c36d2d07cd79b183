using System.Collections.Immutable;
using LatentDb.ModelHost.Generation;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.ModelHost.Scheduling;

namespace LatentDb.ModelHost.Hosting;

/// <summary>An answer as the loop sees it: logits in, token ids out to the reader. Knows nothing of text.</summary>
/// <param name="session">Owned by the query.</param>
/// <param name="sampler">Has seen the prompt.</param>
/// <param name="stopIds">Tokens that end a turn; they are not part of the answer.</param>
/// <param name="maxTokens">At most so many.</param>
internal sealed class RunningAnswer(ReadSession session, Sampler sampler, ImmutableArray<int> stopIds, int maxTokens) : IDecodeSequence
{
    public ReadSession Session => session;

    public TokenBuffer Tokens { get; } = new(maxTokens);

    /// <summary>The token chosen last: what the next step reads.</summary>
    public int LastToken { get; private set; }

    /// <summary>The model ended its turn itself. To be read when the answer has ended.</summary>
    public bool EndedItsTurn { get; private set; }

    public bool Choose()
    {
        int id = sampler.Next(session.Logits);
        if (stopIds.Contains(id))
        {
            EndedItsTurn = true;
            return false;
        }

        LastToken = id;
        Tokens.Write(id);
        return Tokens.Count < maxTokens;
    }

    public void End(Exception? error) => Tokens.End(error);
}
