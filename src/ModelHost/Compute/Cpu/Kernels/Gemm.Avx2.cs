using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

#pragma warning disable MA0051 // A tile is written out: the JIT keeps locals in registers, arrays it does not.

internal static unsafe partial class Gemm
{
    /// <summary>6 x 16, twice: 12 sums, 2 vectors of weights and 1 number of x are 15 of 16 registers; 8 loads feed 12 multiply-adds.</summary>
    internal readonly struct Avx2Tile : ITile
    {
        public static int SliverRows => 6;

        public static int SliverGranule => 2;

        public static void Run(int rows, float* a, nint aStep, float* b, int depth, float* c, nint cStep, in Finish finish)
        {
            for (int half = 0; half < PanelWidth; half += PanelWidth / 2)
            {
                switch (rows)
                {
                    case 6: Run6(a, aStep, b + half, depth, c + half, cStep, finish); break;
                    case 4: Run4(a, aStep, b + half, depth, c + half, cStep, finish); break;
                    case 2: Run2(a, aStep, b + half, depth, c + half, cStep, finish); break;
                    default: Run1(a, aStep, b + half, depth, c + half, cStep, finish); break;
                }
            }
        }

        public static int RowsAtOnce(int rows) => rows >= 6 ? 6 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Run6(float* a, nint aStep, float* b, int depth, float* c, nint cStep, in Finish finish)
        {
            Vector256<float> z = Vector256<float>.Zero;
            Vector256<float>
                l0 = z, r0 = z, l1 = z, r1 = z, l2 = z, r2 = z, l3 = z, r3 = z,
                l4 = z, r4 = z, l5 = z, r5 = z;
            for (int k = depth; k > 0; k--)
            {
                Vector256<float> left = Vector256.Load(b);
                Vector256<float> right = Vector256.Load(b + 8);
                Vector256<float> x = Vector256.Create(*a);
                l0 = Vector256.FusedMultiplyAdd(x, left, l0);
                r0 = Vector256.FusedMultiplyAdd(x, right, r0);
                x = Vector256.Create(a[1]);
                l1 = Vector256.FusedMultiplyAdd(x, left, l1);
                r1 = Vector256.FusedMultiplyAdd(x, right, r1);
                x = Vector256.Create(a[2]);
                l2 = Vector256.FusedMultiplyAdd(x, left, l2);
                r2 = Vector256.FusedMultiplyAdd(x, right, r2);
                x = Vector256.Create(a[3]);
                l3 = Vector256.FusedMultiplyAdd(x, left, l3);
                r3 = Vector256.FusedMultiplyAdd(x, right, r3);
                x = Vector256.Create(a[4]);
                l4 = Vector256.FusedMultiplyAdd(x, left, l4);
                r4 = Vector256.FusedMultiplyAdd(x, right, r4);
                x = Vector256.Create(a[5]);
                l5 = Vector256.FusedMultiplyAdd(x, left, l5);
                r5 = Vector256.FusedMultiplyAdd(x, right, r5);
                a += aStep;
                b += PanelWidth;
            }

            StoreRows(c, cStep, l0, r0, l1, r1, finish);
            StoreRows(c + (2 * cStep), cStep, l2, r2, l3, r3, finish);
            StoreRows(c + (4 * cStep), cStep, l4, r4, l5, r5, finish);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Run4(float* a, nint aStep, float* b, int depth, float* c, nint cStep, in Finish finish)
        {
            Vector256<float> z = Vector256<float>.Zero;
            Vector256<float> l0 = z, r0 = z, l1 = z, r1 = z, l2 = z, r2 = z, l3 = z, r3 = z;
            for (int k = depth; k > 0; k--)
            {
                Vector256<float> left = Vector256.Load(b);
                Vector256<float> right = Vector256.Load(b + 8);
                Vector256<float> x = Vector256.Create(*a);
                l0 = Vector256.FusedMultiplyAdd(x, left, l0);
                r0 = Vector256.FusedMultiplyAdd(x, right, r0);
                x = Vector256.Create(a[1]);
                l1 = Vector256.FusedMultiplyAdd(x, left, l1);
                r1 = Vector256.FusedMultiplyAdd(x, right, r1);
                x = Vector256.Create(a[2]);
                l2 = Vector256.FusedMultiplyAdd(x, left, l2);
                r2 = Vector256.FusedMultiplyAdd(x, right, r2);
                x = Vector256.Create(a[3]);
                l3 = Vector256.FusedMultiplyAdd(x, left, l3);
                r3 = Vector256.FusedMultiplyAdd(x, right, r3);
                a += aStep;
                b += PanelWidth;
            }

            StoreRows(c, cStep, l0, r0, l1, r1, finish);
            StoreRows(c + (2 * cStep), cStep, l2, r2, l3, r3, finish);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Run2(float* a, nint aStep, float* b, int depth, float* c, nint cStep, in Finish finish)
        {
            Vector256<float> z = Vector256<float>.Zero;
            Vector256<float> l0 = z, r0 = z, l1 = z, r1 = z;
            for (int k = depth; k > 0; k--)
            {
                Vector256<float> left = Vector256.Load(b);
                Vector256<float> right = Vector256.Load(b + 8);
                Vector256<float> x = Vector256.Create(*a);
                l0 = Vector256.FusedMultiplyAdd(x, left, l0);
                r0 = Vector256.FusedMultiplyAdd(x, right, r0);
                x = Vector256.Create(a[1]);
                l1 = Vector256.FusedMultiplyAdd(x, left, l1);
                r1 = Vector256.FusedMultiplyAdd(x, right, r1);
                a += aStep;
                b += PanelWidth;
            }

            StoreRows(c, cStep, l0, r0, l1, r1, finish);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Run1(float* a, nint aStep, float* b, int depth, float* c, nint cStep, in Finish finish)
        {
            Vector256<float> z = Vector256<float>.Zero;
            Vector256<float> l0 = z, r0 = z;
            for (int k = depth; k > 0; k--)
            {
                Vector256<float> left = Vector256.Load(b);
                Vector256<float> right = Vector256.Load(b + 8);
                Vector256<float> x = Vector256.Create(*a);
                l0 = Vector256.FusedMultiplyAdd(x, left, l0);
                r0 = Vector256.FusedMultiplyAdd(x, right, r0);
                a += aStep;
                b += PanelWidth;
            }

            StoreRow(c, l0, r0, finish);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreRows(
            float* c, nint cStep, Vector256<float> left, Vector256<float> right, Vector256<float> nextLeft, Vector256<float> nextRight, in Finish finish)
        {
            StoreRow(c, left, right, finish);
            StoreRow(c + cStep, nextLeft, nextRight, finish);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreRow(float* c, Vector256<float> left, Vector256<float> right, in Finish finish)
        {
            if (finish.Add)
            {
                Vector256<float> scale = Vector256.Create(finish.Scale);
                left = Vector256.FusedMultiplyAdd(scale, left, Vector256.Load(c));
                right = Vector256.FusedMultiplyAdd(scale, right, Vector256.Load(c + 8));
            }

            left.Store(c);
            right.Store(c + 8);
        }
    }
}
