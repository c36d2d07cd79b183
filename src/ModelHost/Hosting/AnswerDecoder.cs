using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.ModelHost.Scheduling;

namespace LatentDb.ModelHost.Hosting;

/// <summary>Moves running answers on with the model. Called by the loop's thread only; allocates when the batch is larger than any before.</summary>
internal sealed class AnswerDecoder(MemoryModel model) : IDecoder
{
    private ReadSession[] _sessions = [];
    private int[] _ids = [];

    public void Step(ReadOnlySpan<IDecodeSequence> sequences)
    {
        if (_ids.Length < sequences.Length)
        {
            _sessions = new ReadSession[sequences.Length];
            _ids = new int[sequences.Length];
        }

        for (int i = 0; i < sequences.Length; i++)
        {
            var answer = (RunningAnswer)sequences[i];
            _sessions[i] = answer.Session;
            _ids[i] = answer.LastToken;
        }

        try
        {
            model.Step(_sessions.AsSpan(0, sequences.Length), _ids.AsSpan(0, sequences.Length));
        }
        finally
        {
            Array.Clear(_sessions, 0, sequences.Length); // an ended session is not to be kept alive from here
        }
    }
}
