using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LatentDb.ModelHost.Compute.Cpu;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.Kernels;

/// <summary>What the machine can do at best, measured: multiply-adds in registers, and bytes from memory.</summary>
internal sealed unsafe class MachinePeaks : IDisposable
{
    private const int FirstRounds = 400_000;

    private readonly WorkerPool _pool;
    private readonly FmaJob _fma = new();
    private readonly ReadJob _read;
    private readonly AlignedMemory _memory;

    /// <param name="threads">Threads of the loops.</param>
    /// <param name="readBytes">Memory that is read through; many times the last-level cache for the bandwidth of memory.</param>
    public MachinePeaks(int threads, long readBytes)
    {
        _pool = new WorkerPool(threads);
        _memory = AlignedMemory.Allocate(readBytes);
        _read = new ReadJob((float*)_memory.Pointer, readBytes / sizeof(float));
    }

    public double FmaFlops => (double)FmaJob.FlopsPerRound * _fma.Rounds * _pool.Threads;

    public long ReadBytes => _memory.Bytes;

    /// <summary>Makes the loop last about as long as the kernel: on a shared machine a short loop is interrupted less often than a long one.</summary>
    public void Lasting(double seconds)
    {
        _fma.Rounds = FirstRounds;
        RunFma();
        long start = Stopwatch.GetTimestamp();
        RunFma();
        double first = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _fma.Rounds = (int)Math.Clamp(FirstRounds * seconds / first, 1000, 1e9);
    }

    public void RunFma() => _pool.Run(_fma, _pool.Threads);

    public void RunRead() => _pool.Run(_read, ReadJob.Ranges);

    public void Dispose()
    {
        _pool.Dispose();
        _memory.Dispose();
    }

    private sealed class FmaJob : PoolJob
    {
        /// <summary>Keeps the loop from being removed.</summary>
        public float Sink { get; private set; }

        // Twelve independent chains: more than latency times throughput of any processor so far.
        public static int FlopsPerRound => 12 * 2 * (Vector512.IsHardwareAccelerated ? 16 : 8);

        public int Rounds { get; set; } = FirstRounds;

        public override void Run(int range) => Sink += Vector512.IsHardwareAccelerated ? Loop<Simd512, Vector512<float>>(Rounds) : Loop<Simd256, Vector256<float>>(Rounds);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Loop<TSimd, TVector>(int rounds)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            TVector x = TSimd.Broadcast(0.999f);
            TVector y = TSimd.Broadcast(0.001f);
            TVector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (int round = 0; round < rounds; round++)
            {
                a = TSimd.MultiplyAdd(a, x, y);
                b = TSimd.MultiplyAdd(b, x, y);
                c = TSimd.MultiplyAdd(c, x, y);
                d = TSimd.MultiplyAdd(d, x, y);
                e = TSimd.MultiplyAdd(e, x, y);
                f = TSimd.MultiplyAdd(f, x, y);
                g = TSimd.MultiplyAdd(g, x, y);
                h = TSimd.MultiplyAdd(h, x, y);
                i = TSimd.MultiplyAdd(i, x, y);
                j = TSimd.MultiplyAdd(j, x, y);
                k = TSimd.MultiplyAdd(k, x, y);
                l = TSimd.MultiplyAdd(l, x, y);
            }

            a = TSimd.Add(TSimd.Add(TSimd.Add(a, b), TSimd.Add(c, d)), TSimd.Add(TSimd.Add(e, f), TSimd.Add(g, h)));
            return TSimd.Sum(TSimd.Add(a, TSimd.Add(TSimd.Add(i, j), TSimd.Add(k, l))));
        }
    }

    private sealed class ReadJob(float* start, long elements) : PoolJob
    {
        public const int Ranges = 64;

        /// <summary>Keeps the loop from being removed.</summary>
        public float Sink { get; private set; }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run(int range)
        {
            long each = elements / Ranges;
            float* from = start + (range * each);
            Vector256<float> a = Vector256<float>.Zero, b = a, c = a, d = a;
            for (long i = 0; i <= each - 32; i += 32)
            {
                a += Vector256.Load(from + i);
                b += Vector256.Load(from + i + 8);
                c += Vector256.Load(from + i + 16);
                d += Vector256.Load(from + i + 24);
            }

            Sink += Vector256.Sum((a + b) + (c + d));
        }
    }
}
