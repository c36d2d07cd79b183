namespace LatentDb.Cluster.Load;

/// <summary>How a call ended: with an answer, with a refusal that means something, or nobody knows how.</summary>
/// <param name="Value">The answer.</param>
/// <param name="Refusal">The code of the refusal; null = none.</param>
/// <param name="IsAnswered">True when there is an answer.</param>
public sealed record Told<T>(T? Value, string? Refusal, bool IsAnswered)
{
    /// <summary>Neither answer nor refusal.</summary>
    public bool IsUnknown => !IsAnswered && Refusal is null;
}
