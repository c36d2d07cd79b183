using LatentDb.ModelHost.Scheduling;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Scheduling;

/// <summary>An answer of so many tokens: 0, 1, 2 and so on.</summary>
internal sealed class FakeAnswer(int tokens) : IDecodeSequence
{
    public TokenBuffer Tokens { get; } = new(tokens);

    /// <summary>Steps that moved it on.</summary>
    public int Steps { get; set; }

    public int Ends { get; private set; }

    public Exception? EndedBy { get; private set; }

    /// <summary>Thrown when the token of this number is to be chosen.</summary>
    public (int Token, Exception Error)? Fault { get; init; }

    public Exception? StepFault { get; set; }

    public Exception? EndFault { get; init; }

    /// <summary>Called before each token is chosen.</summary>
    public Action OnChoose { get; set; } = () => { };

    public bool Choose()
    {
        OnChoose();
        if (Fault is { } fault && fault.Token == Tokens.Count) throw fault.Error;
        if (Tokens.Count != Steps) throw new InvalidOperationException($"Token {Tokens.Count} was chosen after {Steps} steps.");
        Tokens.Write(Tokens.Count);
        return Tokens.Count < tokens;
    }

    public void End(Exception? error)
    {
        Ends++;
        EndedBy = error;
        Tokens.End(error);
        if (EndFault is not null) throw EndFault;
    }
}

/// <summary>Moves fake answers on and remembers how many at once. A faulty one makes the step fail for all, as a real pass would.</summary>
internal sealed class FakeDecoder(ManualTimeProvider? time = null, TimeSpan stepTime = default) : IDecoder
{
    public List<int> Batches { get; } = [];

    public void Step(ReadOnlySpan<IDecodeSequence> sequences)
    {
        time?.Advance(stepTime);
        foreach (IDecodeSequence sequence in sequences)
        {
            if (((FakeAnswer)sequence).StepFault is { } fault) throw fault;
        }

        Batches.Add(sequences.Length);
        foreach (IDecodeSequence sequence in sequences) ((FakeAnswer)sequence).Steps++;
    }
}
