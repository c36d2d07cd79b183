namespace LatentDb.MemoryStore.Tests.Fuzz;

/// <summary>LATENTDB_LONG=1 makes seeded tests run for a night's worth of seeds instead of a build's.</summary>
internal static class LongMode
{
    public const string Variable = "LATENTDB_LONG";

    public static bool IsOn { get; } = string.Equals(Environment.GetEnvironmentVariable(Variable), "1", StringComparison.Ordinal);

    public static int Rounds(int inCI, int whole) => IsOn ? whole : inCI;
}
