namespace LatentDb.Serving;

/// <summary>One request that will come.</summary>
/// <param name="Seconds">When, from the start.</param>
/// <param name="Memory">Whom it is for.</param>
/// <param name="IsInject">A write; else a question.</param>
internal readonly record struct Arrival(double Seconds, int Memory, bool IsInject);
