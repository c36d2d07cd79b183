using System.Numerics;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// What leaves first: GreedyDual-Size (Cao and Irani 1997) with the frequency of use (Cherkasova 1998). A slice nobody uses has the priority
/// H = clock + uses x cost / bytes, the smallest H leaves, and the clock becomes that H; so what is not used again is overtaken, however dear it was.
/// </summary>
/// <remarks>
/// Cost per byte and uses are taken as powers of two. Within one such class H only grows with time, so a class is a list in order of last use and
/// the smallest H stands at the head of one of a few lists: no heap, and pinning and unpinning cost the same at any number of slices.
/// </remarks>
internal static class GreedyDual
{
    public const int CostClasses = 8;
    public const int UseClasses = 8;
    public const int Classes = CostClasses * UseClasses;

    /// <summary>Finding, opening and waiting for one slice, measured on a local disk (bench/Paging): what makes small slices dear per byte.</summary>
    private const double StoreNanosecondsPerSlice = 100_000;

    /// <summary>Disk and decryption together.</summary>
    private const double StoreNanosecondsPerByte = 1;

    /// <summary>Class 0 ends at 0.25 ns per byte, each further one at the double.</summary>
    private const double FirstClassEnd = 0.25;

    /// <summary>The class of what it costs to bring a slice back, per byte.</summary>
    public static int CostClassOf(long bytes)
    {
        double cost = StoreNanosecondsPerByte + (StoreNanosecondsPerSlice / Math.Max(1, bytes));
        return Math.Clamp((int)Math.Ceiling(Math.Log2(cost / FirstClassEnd)), 0, CostClasses - 1);
    }

    /// <summary>The list that an entry stands in.</summary>
    public static int ClassOf(ResidentEntry entry) => (UseClass(entry.Uses) * CostClasses) + entry.CostClass;

    /// <summary>H.</summary>
    public static double Priority(double clock, ResidentEntry entry) => clock + ((1 << UseClass(entry.Uses)) * FirstClassEnd * (1 << entry.CostClass));

    /// <summary>Bounded, so that what was popular once does not stay for ever.</summary>
    private static int UseClass(int uses) => Math.Min(BitOperations.Log2((uint)Math.Max(1, uses)), UseClasses - 1);
}
