namespace LatentDb.ModelHost.Scheduling;

/// <summary>An answer that is being generated. Called by the loop's thread only.</summary>
internal interface IDecodeSequence
{
    /// <summary>Chooses the next token from the logits of the last pass and hands it to its reader; false when it was the last.</summary>
    bool Choose();

    /// <summary>The loop lets go of the sequence, once: no token will come. <paramref name="error"/> says why; null when the answer is complete.</summary>
    void End(Exception? error);
}

/// <summary>The pass that moves many answers on by one token at once.</summary>
internal interface IDecoder
{
    /// <summary>Computes the logits after the last chosen token of each. When it throws, none has moved, so that each can be tried alone.</summary>
    void Step(ReadOnlySpan<IDecodeSequence> sequences);
}
